"use strict";
(() => {
  const form = document.getElementById("wishes");
  if (!form) return;
  form.hidden = false;
  const say = (id, text) => { document.getElementById(id).textContent = text; };
  const fields = [...document.querySelectorAll("#choices > div")].map((place) => ({
    place,
    body: place.querySelector("tbody"),
    lines: [...place.querySelectorAll("tbody tr")].map((tr) => ({ tr, ...JSON.parse(tr.dataset.facts) })),
  }));

  // Ranks and refusals were computed with the numbers: here they are only picked by what is wished.
  const pick = (field, wish) => {
    const wishes = new Set(Object.entries(wish).map(([name, value]) => `${name}=${value}`));
    const refused = [];
    const fit = new Map();
    field.lines.forEach((line, at) => {
      const why = Object.entries(line.refused).find(([key]) => wishes.has(key));
      line.tr.hidden = Boolean(why);
      if (why) refused.push(`${line.tr.querySelector("th").textContent} (${why[1]})`);
      else fit.set(at, line);
    });
    const ranked = [...fit.values()].sort((a, b) => a[wish.rank].place - b[wish.rank].place);
    let first = 0;
    ranked.forEach((line, at) => {
      const isFirst = !line[wish.rank].better.some((other) => fit.has(other));
      first += isFirst;
      line.tr.classList.toggle("first", isFirst);
      line.tr.cells[0].textContent = isFirst ? "1=" : `${at + 1}`;
      field.body.append(line.tr);
    });
    return { refused, first, fits: ranked.length };
  };

  const choose = () => {
    const wish = Object.fromEntries(new FormData(form));
    const key = [wish.run, wish.threads, wish.scenario, wish.placement].join("/");
    for (const { place } of fields) place.hidden = place.dataset.field !== key;
    const field = fields.find(({ place }) => !place.hidden);
    if (!field) {
      say("chosen", "This combination was not measured.");
      say("refused", "");
      return;
    }
    const { refused, first, fits } = pick(field, wish);
    const note = field.place.dataset.note;
    const shared = first > 1 ? `; ${first} share first place (1=): no design is better than them for certain` : "";
    say("chosen", fits ? `${fits} of ${field.lines.length} designs qualify${shared}.${note}` : `No design qualifies.${note}`);
    say("refused", refused.length ? `Left out: ${refused.join(", ")}.` : "");
    field.place.querySelector("table").hidden = !fits;
  };
  form.addEventListener("change", choose);
  form.addEventListener("submit", (event) => event.preventDefault());
  choose();
})();
