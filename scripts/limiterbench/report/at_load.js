"use strict";
(() => {
  const form = document.getElementById("load");
  if (!form) return;
  form.hidden = false;
  const says = document.getElementById("will-do");
  const fields = [...document.querySelectorAll("#loads > div")].map((place) => ({
    place,
    answers: JSON.parse(place.dataset.answers),
    body: place.querySelector("tbody"),
    lines: [...place.querySelectorAll("tbody tr")].map((tr) => ({ tr, facts: JSON.parse(tr.dataset.facts) })),
  }));
  const verdicts = JSON.parse(form.dataset.verdicts);
  const words = (name) => form.elements[name].selectedOptions[0].textContent;
  const names = (field, places) => places.map((at) => field.lines[at].tr.querySelector("th").textContent);

  // What will do was decided with the numbers: here it is only picked by what is wished.
  const choose = () => {
    const { threads, rate, budget } = Object.fromEntries(new FormData(form));
    for (const { place } of fields) place.hidden = place.dataset.threads !== threads;
    const field = fields.find(({ place }) => !place.hidden);
    const answer = field.answers[`${rate}/${budget}`];
    answer.forEach((places, verdict) => {
      for (const at of places) {
        const { tr, facts } = field.lines[at];
        tr.cells[0].textContent = verdicts[verdict];
        tr.cells[3].textContent = facts.p99[rate];
        tr.cells[4].textContent = facts.capacity[budget];
        tr.classList.toggle("first", verdict === 0);
        tr.classList.toggle("out", verdict === 3);
        field.body.append(tr);
      }
    });
    const [will, did, may, not] = answer;
    const kindOf = (at) => field.lines[at].facts.kind;
    const best = will.length ? will : did;
    const simplest = names(field, best.filter((at) => kindOf(at) === kindOf(best[0]))).join(", ");
    const load = `At ${words("rate")} decisions a second on ${words("threads")} thread${threads === "1" ? "" : "s"}, within a p99 of ${words("budget")}`;
    const first = will.length ? `the simplest designs that will do ${kindOf(will[0])}: ${simplest}`
      : did.length ? `nothing is a result yet; the simplest designs that did so far ${kindOf(did[0])}: ${simplest}`
      : "no design will do for certain";
    const counts = [[will, "will do"], [did, "did, which is not a result yet"], [may, "are not decided"], [not, "are too slow"]];
    const rest = counts.filter(([places]) => places.length).map(([places, say]) => `${places.length} ${say}`).join(", ");
    says.textContent = `${load}, ${first}. ${rest}. ${field.place.dataset.beware}`;
  };
  const restore = () => {
    const [name, threads, rate, budget] = location.hash.slice(1).split("/");
    if (name !== "at-load") return;
    for (const [key, value] of Object.entries({ threads, rate, budget }))
      if ([...form.elements[key].options].some((option) => option.value === value)) form.elements[key].value = value;
  };
  form.addEventListener("change", () => {
    choose();
    const { threads, rate, budget } = Object.fromEntries(new FormData(form));
    history.replaceState(null, "", `#at-load/${threads}/${rate}/${budget}`);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("hashchange", () => {
    restore();
    choose();
  });
  restore();
  choose();
})();
