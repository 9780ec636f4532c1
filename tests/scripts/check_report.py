"""The report as a reader has it, in headless Chromium: `./scripts/test --report`.

No error, no request to a network, the chooser and the legend work, and at 1280 and at 400 pixels,
light and dark, nothing sticks out, is cut or lies over other text. With a folder as argument it
leaves screenshots and a print there, to be looked at.
"""

from __future__ import annotations

import base64
import importlib
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from limiterbench.records.run_folder import CELLS  # noqa: E402
from limiterbench.records.stored_lines import content, stored  # noqa: E402
from limiterbench.report.command import write_page  # noqa: E402
from limiterbench.report.contest import Entrant, contests, headline  # noqa: E402
from limiterbench.report.stored import StoredRun, read_run  # noqa: E402

REFERENCE = ROOT / "results" / "reference"
SCREENS = ((1280, "light"), (400, "dark"), (1280, "dark"), (400, "light"))
# The page of the whole run takes seconds to lay out.
SCREENS_OF_A_BIG_PAGE = SCREENS[:2]
ODD = "<script>x&amp;"
# The odd run's designs: enough to have several rows of both families and several scenarios.
KEPT = ("rwmutex", "leased", "sharded", "gcra", "ck_epoch", "hazard")

# Text that lies over other text: of SVG and of what holds words directly.
_OVERLAPS = """
const boxes = [];
const seen = new Set(["TH", "TD", "P", "LI", "H1", "H2", "H3", "H4", "BUTTON", "LABEL", "DT", "DD",
                      "SUMMARY", "text"]);
for (const element of document.querySelectorAll("body *")) {
  if (!seen.has(element.tagName) || !element.textContent.trim()) continue;
  if (!element.checkVisibility({visibilityProperty: true})) continue;
  if (element.closest("nav, .wide")) continue;
  const range = document.createRange();
  range.selectNodeContents(element);
  for (const box of range.getClientRects())
    if (box.width > 1 && box.height > 1) boxes.push({element, box});
}
const bad = [];
for (let i = 0; i < boxes.length; ++i)
  for (let j = i + 1; j < boxes.length; ++j) {
    const a = boxes[i], b = boxes[j];
    if (a.element === b.element || a.element.contains(b.element) || b.element.contains(a.element))
      continue;
    const w = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
    const h = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
    if (w > 1.5 && h > 3) bad.push(`${a.element.textContent} / ${b.element.textContent}`);
  }
return bad.slice(0, 5);
"""

# Text that reaches beyond the screen, its own chart or its own control.
_CUT = """
const bad = [];
for (const text of document.querySelectorAll(".chart svg text")) {
  if (!text.checkVisibility()) continue;
  const inner = text.getBoundingClientRect();
  const outer = text.closest("svg").getBoundingClientRect();
  if (inner.left < outer.left - 1 || inner.right > outer.right + 1 ||
      inner.top < outer.top - 1 || inner.bottom > outer.bottom + 1) bad.push(text.textContent);
}
for (const select of document.querySelectorAll("select")) {
  if (!select.checkVisibility()) continue;
  const canvas = document.createElement("canvas").getContext("2d");
  canvas.font = getComputedStyle(select).font;
  const longest = Math.max(...[...select.options].map((o) => canvas.measureText(o.text).width));
  if (longest > select.clientWidth - 20) bad.push(`${select.name}: ${longest}`);
}
const words = "p, li, h1, h2, h3, h4, dd, button, figure, label";
for (const element of document.querySelectorAll(words)) {
  if (!element.checkVisibility() || element.closest(".wide, nav")) continue;
  const box = element.getBoundingClientRect();
  if (box.right > innerWidth + 1 || box.left < -1) bad.push(element.textContent.slice(0, 60));
}
return bad.slice(0, 5);
"""


class Failed(Exception):
    """What a reader would trip over."""


def require(holds: bool, what: str) -> None:
    if not holds:
        raise Failed(what)


def start() -> Any:
    # By name, so that types can be checked where it is not installed.
    webdriver: Any = importlib.import_module("selenium.webdriver")
    service: Any = importlib.import_module("selenium.webdriver.chrome.service")
    options = webdriver.ChromeOptions()
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(
        options=options, service=service.Service(shutil.which("chromedriver"))
    )
    driver.set_page_load_timeout(120)
    return driver


def open_page(driver: Any, page: Path, width: int, scheme: str) -> None:
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    feature = {"name": "prefers-color-scheme", "value": scheme}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    # What an earlier page said is not this one's.
    for log in ("browser", "performance"):
        driver.get_log(log)
    driver.get(page.as_uri())


def requests(driver: Any) -> Iterator[str]:
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            yield message["params"]["request"]["url"]


def check_quiet(driver: Any, page: Path) -> None:
    said = [entry["message"] for entry in driver.get_log("browser")]
    require(not said, f"the console says {said}")
    asked = [url for url in requests(driver) if not url.startswith("data:")]
    require(set(asked) == {page.as_uri()}, f"it asks for {asked}")


def check_layout(driver: Any, width: int) -> None:
    driver.execute_script("for (const d of document.querySelectorAll('details')) d.open = true")
    wide = driver.execute_script("return document.documentElement.scrollWidth")
    require(wide <= width, f"it is {wide} pixels wide")
    for what, script in (("text lies over text", _OVERLAPS), ("text is cut", _CUT)):
        found = driver.execute_script(script)
        require(not found, f"{what}: {found}")


def wish(driver: Any, name: str, value: str) -> List[str]:
    """The rows that qualify, the first one first."""
    script = """
    const field = document.querySelector(`#wishes [name="${arguments[0]}"]`);
    field.value = arguments[1];
    field.dispatchEvent(new Event("change", {bubbles: true}));
    return [...document.querySelectorAll("#choices tbody th")]
        .filter((th) => th.checkVisibility()).map((th) => th.textContent);
    """
    found: List[str] = driver.execute_script(script, name, value)
    return found


def check_chooser(driver: Any, run: StoredRun) -> None:
    """By the records: every wish leaves out what it must, and nothing else."""
    field = headline(run)
    require(field is not None, "the run has no headline")
    assert field is not None
    rows = {row: entrant for row, entrant in field.entrants.items() if entrant.limits}
    everything = wish(driver, "exactness", "any")
    require(set(everything) == set(rows), f"all designs qualify but {set(rows) - set(everything)}")
    wishes: List[tuple[str, str, Callable[[Entrant], bool]]] = [
        ("progress", "1", lambda row: row.design.progress_text != "blocking"),
        ("progress", "0", lambda row: True),
        ("needs", "library", lambda row: not row.design.library),
        (
            "needs",
            "platform",
            lambda row: not row.design.library and "rseq" not in row.design.requires,
        ),
        ("needs", "any", lambda row: True),
        ("exactness", "exact", lambda row: row.is_exact),
    ]
    for name, value, fits in wishes:
        found = set(wish(driver, name, value))
        expected = {row for row, entrant in rows.items() if fits(entrant)}
        require(found == expected, f"{name} {value}: {found ^ expected}")
    threads = min(cell.threads for cell in run.lines)
    ranked = wish(driver, "threads", str(threads))
    alone = next(
        c.entrants
        for c in contests(run)
        if (c.threads, c.scenario, c.placement) == (threads, field.scenario, field.placement)
    )
    require(bool(ranked) and set(ranked) < set(alone), "another thread count has no designs")
    first = driver.execute_script(_FIRST)
    require(first == _best(alone, ranked), f"first are said to be {first}")
    by_p99 = wish(driver, "rank", "p99")
    values = {row: entrant.p99.median for row, entrant in alone.items()}
    require(by_p99 == sorted(by_p99, key=lambda row: (values[row], row)), "not ranked by p99")


_FIRST = """
return [...document.querySelectorAll("#choices tbody tr.first th")]
    .filter((th) => th.checkVisibility()).map((th) => th.textContent);
"""


def _best(entrants: Dict[str, Entrant], rows: Sequence[str]) -> List[str]:
    """Of these designs, those that none of them outdoes for certain."""
    ops = {row: entrants[row].throughput for row in rows}
    return [row for row in rows if not any(o.low > ops[row].high for o in ops.values())]


def check_rows(driver: Any) -> None:
    """A key of the legend hides its row in charts and tables, and shows it again."""
    count = """
    const row = arguments[0];
    return [...document.querySelectorAll(`.chart svg .${row}, .chart tr[data-row="${row}"]`)]
        .filter((element) => getComputedStyle(element).display !== "none").length;
    """
    key = driver.execute_script("return document.querySelector('#keys button[data-row]')")
    row = key.get_attribute("data-row")
    before = driver.execute_script(count, row)
    require(before > 0, "no chart shows the first row")
    for expected in (0, before):
        driver.execute_script("arguments[0].click()", key)
        require(driver.execute_script(count, row) == expected, "a row is not hidden, or not shown")
    for which, pressed in (("none", "false"), ("all", "true")):
        script = f"document.querySelector('[data-show={which}]').click()"
        driver.execute_script(script)
        require(key.get_attribute("aria-pressed") == pressed, f"show {which} does not work")


def check_numbers(driver: Any) -> None:
    """A pointer at a point gets its numbers, and beside every point none."""
    script = """
    const [how] = arguments;
    const hit = document.querySelector(".chart .hit");
    hit.scrollIntoView({block: "center"});
    const box = hit.getBoundingClientRect();
    const at = {bubbles: true, clientX: box.x + box.width / 2 + 3, clientY: box.y + box.height / 2};
    hit.closest("svg").dispatchEvent(new PointerEvent(how, at));
    const tip = document.getElementById("tip");
    const shown = tip.hidden ? "" : tip.textContent;
    document.body.dispatchEvent(new PointerEvent(how, {bubbles: true, clientX: 1, clientY: 1}));
    return [shown, tip.hidden];
    """
    for how in ("pointermove", "pointerdown"):
        shown, gone = driver.execute_script(script, how)
        require(" thread" in shown and ": " in shown, f"a point says {shown!r} on {how}")
        require(gone, "the numbers stay when the pointer leaves")


def check_without_scripts(driver: Any, page: Path) -> None:
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    driver.get(page.as_uri())
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    script = """
    const seen = (what) => [...document.querySelectorAll(what)].some((e) => e.checkVisibility());
    return [seen(".chart svg"), seen("#choices table"), seen("#wishes"), seen(".tools")];
    """
    found = driver.execute_script(script)
    require(found == [True, True, False, False], f"without scripts one sees {found}")


def odd_run(folder: Path) -> Path:
    """A few rows of the reference, one of them and the host with names that are markup."""
    run = folder / "odd"
    run.mkdir()
    about = json.loads((REFERENCE / "run.json").read_text(encoding="utf-8"))
    about["host"]["hostname"] = about["host"]["cpu_model"] = (
        "<img src=x onerror=alert(1)>" + "x" * 80
    )
    about["plan"]["cells"] = [
        cell.replace("hazard", ODD)
        for cell in about["plan"]["cells"]
        if cell.split("/")[0] in KEPT and cell.split("/")[1] in ("steady", "overload")
    ]
    for row in about["rows"]:
        row["name"] = row["name"].replace("hazard", ODD)
    lines = []
    for line in bytes(content(stored(REFERENCE / CELLS))).splitlines():
        record = json.loads(line)
        for key in ("cell", "limiter"):
            record[key] = record[key].replace("hazard", ODD)
        if record["cell"] in about["plan"]["cells"]:
            lines.append(json.dumps(record) + "\n")
    (run / "run.json").write_text(json.dumps(about), encoding="utf-8")
    (run / "cells.jsonl").write_text("".join(lines), encoding="utf-8")
    return run


def check(
    driver: Any,
    page: Path,
    run: StoredRun,
    screens: Sequence[Tuple[int, str]],
    keep: Optional[Path],
) -> None:
    for width, scheme in screens:
        where = f"{page.parent.name}, {width} pixels, {scheme}"
        try:
            open_page(driver, page, width, scheme)
            check_chooser(driver, run)
            check_rows(driver)
            check_numbers(driver)
            check_layout(driver, width)
            check_quiet(driver, page)
        except Failed as error:
            raise Failed(f"{where}: {error}") from None
        print(f"  {where}: fine", flush=True)
        if keep:
            _keep(driver, page, width, keep / f"{page.parent.name}_{width}_{scheme}.png")
    check_without_scripts(driver, page)


def _keep(driver: Any, page: Path, width: int, file: Path) -> None:
    driver.get(page.as_uri())
    height = driver.execute_script("return document.documentElement.scrollHeight")
    clip = {"x": 0, "y": 0, "width": width, "height": min(height, 12000), "scale": 1}
    shot = {"captureBeyondViewport": True, "clip": clip}
    picture = driver.execute_cdp_cmd("Page.captureScreenshot", shot)
    file.write_bytes(base64.b64decode(picture["data"]))
    printed = driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})
    file.with_suffix(".pdf").write_bytes(base64.b64decode(printed["data"]))


def main(arguments: List[str]) -> int:
    keep = Path(arguments[0]) if arguments else None
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "reference").mkdir()
        runs = [odd_run(folder), REFERENCE]
        pages = [
            write_page(runs[:1]),
            write_page(runs[1:], folder / "reference" / "report.html"),
        ]
        require(pages[1].stat().st_size < 5_000_000, "the stored run's page is over 5 MB")
        driver = start()
        try:
            for page, run, screens in zip(pages, runs, (SCREENS, SCREENS_OF_A_BIG_PAGE)):
                check(driver, page, read_run(run, "run"), screens, keep)
        finally:
            driver.quit()
    print("the report in a browser: fine")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Failed as failure:
        sys.exit(f"the report in a browser: {failure}")
