"use strict";
(() => {
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const one = (selector, from = document) => from.querySelector(selector);

  // Designs shown and hidden: one style sheet for every chart and table.
  const hidden = new Set();
  const sheet = document.head.appendChild(document.createElement("style"));
  const keys = all("#keys button[data-row]");
  const showRows = () => {
    const rules = [...hidden].map(
      (row) => `.chart svg .${row}, .chart tr[data-row="${row}"] { display: none; }`
    );
    sheet.textContent = rules.join("\n");
    for (const key of keys) key.setAttribute("aria-pressed", String(!hidden.has(key.dataset.row)));
  };
  for (const key of keys) {
    key.addEventListener("click", () => {
      const row = key.dataset.row;
      if (!hidden.delete(row)) hidden.add(row);
      showRows();
    });
  }
  for (const button of all("#keys button[data-show]")) {
    button.addEventListener("click", () => {
      hidden.clear();
      if (button.dataset.show === "none") for (const key of keys) hidden.add(key.dataset.row);
      showRows();
    });
  }
  for (const tools of all(".tools")) tools.hidden = false;

  // Numbers of the nearest point, under a mouse or a finger.
  const tip = document.body.appendChild(document.createElement("div"));
  tip.id = "tip";
  tip.hidden = true;
  const REACH = 28;
  const pointsOf = new WeakMap();
  const points = (svg) => {
    if (!pointsOf.has(svg)) {
      const found = all(".hit", svg).map((hit) => {
        const title = one("title", hit);
        const point = { hit, x: +hit.getAttribute("cx"), y: +hit.getAttribute("cy"), says: title.textContent };
        // The browser's own tip would lie over ours.
        title.remove();
        return point;
      });
      pointsOf.set(svg, found);
    }
    return pointsOf.get(svg);
  };
  const isHidden = (hit) => [...hit.classList].some((name) => hidden.has(name));
  const nearest = (svg, event) => {
    const box = svg.getBoundingClientRect();
    const scale = box.width / svg.viewBox.baseVal.width;
    const far = (p) => Math.hypot(p.x * scale + box.left - event.clientX, p.y * scale + box.top - event.clientY);
    let best = null;
    let least = REACH;
    for (const point of points(svg)) {
      const distance = far(point);
      if (distance < least && !isHidden(point.hit)) [best, least] = [point, distance];
    }
    return best;
  };
  const showTip = (event) => {
    const svg = event.target instanceof Element ? event.target.closest(".chart svg") : null;
    const point = svg && nearest(svg, event);
    tip.hidden = !point;
    if (!point) return;
    tip.textContent = point.says;
    const left = Math.min(event.clientX + 12, innerWidth - tip.offsetWidth - 8);
    const above = event.clientY - tip.offsetHeight - 12;
    tip.style.left = `${Math.max(8, left)}px`;
    tip.style.top = `${above > 4 ? above : event.clientY + 16}px`;
  };
  document.addEventListener("pointermove", showTip);
  document.addEventListener("pointerdown", showTip);
  document.addEventListener("scroll", () => { tip.hidden = true; }, { passive: true });

  // A link into something closed opens it; so does printing.
  const open = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    if (target) target.scrollIntoView();
  };
  addEventListener("hashchange", open);
  open();
  addEventListener("beforeprint", () => {
    for (const details of all("details.scenario")) details.open = true;
  });
})();
