"use strict";
(() => {
  const holder = document.getElementById("data");
  if (!holder) return;
  const { runs } = JSON.parse(holder.textContent);
  const form = document.getElementById("wishes");
  const place = document.getElementById("choices");
  form.hidden = false;

  const make = (name, text, kind) => {
    const element = document.createElement(name);
    element.textContent = text;
    if (kind) element.className = kind;
    return element;
  };

  // Why a row does not qualify; nothing if it does.
  const refusal = (cell, row, wish) => {
    if (wish.exactness !== "any" && row.own_contract) return "another contract";
    if (wish.exactness === "exact" && row.exactness !== "exact") return "not exact";
    if (row.progress_rank < +wish.progress) return row.progress;
    if (wish.needs !== "any" && row.library) return `needs ${row.library}`;
    if (wish.needs === "platform" && row.platform) return `needs ${row.platform}`;
    if (wish.rank === "p99" && cell.p99.value === null) return "p99 not measured";
    if (wish.memory && cell.held === null) return "memory not recorded";
    if (wish.memory && cell.held > +wish.memory) return `holds ${cell.held_text}`;
    return "";
  };

  const above = (one, other) =>
    one.known && other.known && other.high + Math.max(one.step, other.step) < one.low;

  // Whether no row is better for certain. All of them count: the one with the best median may have
  // the widest interval.
  const isFirst = (cell, fit, rank) =>
    !fit.some((other) => (rank === "p99" ? above(cell.p99, other.p99) : above(other[rank], cell[rank])));

  const elsewhere = (cell, cells) => {
    const others = cells.filter(
      (other) =>
        other.row === cell.row &&
        other.scenario !== cell.scenario &&
        other.placement === cell.placement &&
        other.threads === cell.threads
    );
    if (!others.length) return "not measured";
    const worst = others.reduce((a, b) => (b.share < a.share ? b : a));
    return `${Math.round(100 * worst.share)} % in ${worst.scenario}`;
  };

  const HEADS = ["", "row", "decisions/s", "p99", "over", "held", "publish", "reloads/s", "worst elsewhere", "progress", "needs"];
  const NUMBERS = new Set([2, 3, 4, 5, 6, 7]);

  const measure = (found) => {
    const cell = make("td", `${found.text} `);
    const ends = make("small", found.ends, "ends");
    cell.append(ends);
    return cell;
  };

  const line = (rank, cell, row, cells) => {
    const over = row.exactness === "approximate" ? `${cell.over} (bound: ${row.bound})` : `${cell.over}`;
    const name = make("th", "");
    name.scope = "row";
    name.title = row.summary;
    name.append(make("code", cell.row));
    const costs = [over, cell.held_text, cell.publish_text, cell.reloads_text];
    const words = [...costs, elsewhere(cell, cells), row.progress, row.needs];
    const others = [measure(cell.ops), measure(cell.p99), ...words.map((text) => make("td", text))];
    others.forEach((td, at) => {
      td.dataset.label = HEADS[at + 2];
      if (NUMBERS.has(at + 2)) td.className = "n";
    });
    const tr = document.createElement("tr");
    tr.append(make("td", rank, "n rank"), name, ...others);
    return tr;
  };

  const tableOf = (ranked, rank, run) => {
    const table = document.createElement("table");
    const head = table.createTHead().insertRow();
    HEADS.forEach((text, at) => {
      const th = make("th", text, at === 0 || NUMBERS.has(at) ? "n" : "");
      th.scope = "col";
      head.append(th);
    });
    const body = table.createTBody();
    ranked.forEach((cell, at) => {
      const alike = isFirst(cell, ranked, rank);
      const tr = line(alike ? "1=" : `${at + 1}`, cell, run.rows[cell.row], run.cells);
      if (alike) tr.className = "first";
      body.append(tr);
    });
    const wide = make("div", "", "wide cards");
    wide.tabIndex = 0;
    wide.append(table);
    return wide;
  };

  const choose = () => {
    const wish = Object.fromEntries(new FormData(form));
    const run = runs[+(wish.run || 0)];
    const cells = run.cells.filter(
      (cell) =>
        cell.threads === +wish.threads && cell.scenario === wish.scenario && cell.placement === wish.placement
    );
    const refused = [];
    const fit = cells.filter((cell) => {
      const why = refusal(cell, run.rows[cell.row], wish);
      if (why) refused.push(`${cell.row} (${why})`);
      return !why;
    });
    const sign = wish.rank === "p99" ? 1 : -1;
    fit.sort((a, b) => sign * (a[wish.rank].value - b[wish.rank].value) || (a.row < b.row ? -1 : 1));
    const chosen = document.getElementById("chosen");
    const beyond = +wish.threads > run.cpus ? ` These are more threads than ${run.cpus} CPUs.` : "";
    if (!cells.length) chosen.textContent = "This combination was not measured.";
    else if (!fit.length) chosen.textContent = `No row qualifies.${beyond}`;
    else {
      const alike = fit.filter((cell) => isFirst(cell, fit, wish.rank)).length;
      const first = alike > 1 ? `; ${alike} share first place (1=): no row is better than them for certain` : "";
      chosen.textContent = `${fit.length} of ${cells.length} rows qualify${first}.${beyond}`;
    }
    place.replaceChildren(...(fit.length ? [tableOf(fit, wish.rank, run)] : []));
    document.getElementById("refused").textContent = refused.length ? `Left out: ${refused.join(", ")}.` : "";
  };
  form.addEventListener("change", choose);
  form.addEventListener("submit", (event) => event.preventDefault());
  choose();
})();
