"""The report as a reader has it, in headless Chromium: `./scripts/test --report`.

No error and no request to a network, and at 1280 and at 400 pixels,
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
from typing import Any, Iterator, List, Optional, Sequence, Tuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from synthetic_load import open_loop  # noqa: E402

from limiterbench.records.run_folder import CELLS  # noqa: E402
from limiterbench.records.stored_lines import content, stored  # noqa: E402
from limiterbench.report.at_load import VERDICTS, AtLoad, at_load  # noqa: E402
from limiterbench.report.command import read_runs, write_page  # noqa: E402

REFERENCE = ROOT / "results" / "reference"
SCREENS = ((1280, "light"), (400, "dark"), (1280, "dark"), (400, "light"))
# The page of the whole run takes seconds to lay out.
SCREENS_OF_A_BIG_PAGE = SCREENS[:2]
ODD = "<script>x&amp;"
# The odd run's designs: enough to have several rows of both families and several scenarios.
KEPT = ("rwmutex", "leased", "sharded", "gcra", "ck_epoch", "hazard")
# The rate at which each is made to saturate.
SATURATED = {"rwmutex": 3e6, "hazard": 2e7, "gcra": 2e7, "ck_epoch": 3e7}

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


def check_without_scripts(driver: Any, page: Path) -> None:
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    driver.get(page.as_uri())
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    script = """
    const seen = (what) => [...document.querySelectorAll(what)].some((e) => e.checkVisibility());
    return [seen(".chart svg"), seen("#tables table"), seen("#load")];
    """
    found = driver.execute_script(script)
    require(found == [True, True, False], f"without scripts one sees {found}")


def wish(driver: Any, name: str, value: str) -> None:
    script = """
    const field = document.getElementById("load").elements[arguments[0]];
    field.value = arguments[1];
    field.dispatchEvent(new Event("change", {bubbles: true}));
    """
    driver.execute_script(script, name, value)


def check_chooser(driver: Any, page: Path, found: AtLoad) -> None:
    """Every wish shows the verdicts that were reached with the numbers, in their order, and is kept
    in the address."""
    open_page(driver, page, *SCREENS[0])
    script = """
    const place = [...document.querySelectorAll("#loads > div")].find((e) => e.checkVisibility());
    const lines = [...place.querySelectorAll("tbody tr")];
    return [lines.map((tr) => [tr.cells[0].textContent, tr.querySelector("th").textContent]),
            document.getElementById("will-do").textContent, location.hash];
    """
    seen = set()
    for field in found.fields:
        wish(driver, "threads", str(field.threads))
        for key, answer in field.answers.items():
            for name, value in zip(("rate", "budget"), key.split("/")):
                wish(driver, name, value)
            lines = [
                [verdict, field.lines[at].design]
                for verdict, places in zip(VERDICTS, answer)
                for at in places
            ]
            shown, said, address = driver.execute_script(script)
            require(shown == lines, f"{key} at {field.threads}: {shown}, not {lines}")
            require(address == f"#at-load/{field.threads}/{key}", f"the address is {address}")
            first = field.lines[answer[0][0]].design if answer[0] else "no design will do"
            require(first in said, f"{first} is not in: {said}")
            seen |= {verdict for verdict, places in zip(VERDICTS, answer) if places}
    require(len(seen) > 1, f"the run shows nothing but {seen}")


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
        if cell.split("/")[0] in KEPT and cell.split("/")[1] in ("steady", "overload", "open_loop")
    ]
    for row in about["rows"]:
        row["name"] = row["name"].replace("hazard", ODD)
    lines: List[str] = []
    for line in bytes(content(stored(REFERENCE / CELLS))).splitlines():
        record = json.loads(line)
        if record["open_loop"]:
            most = SATURATED.get(record["limiter"], 2e8) * record["threads"]
            record["open_loop"] = open_loop(most, 200, 1e8, len(lines))
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
    screens: Sequence[Tuple[int, str]],
    keep: Optional[Path],
) -> None:
    for width, scheme in screens:
        where = f"{page.parent.name}, {width} pixels, {scheme}"
        try:
            open_page(driver, page, width, scheme)
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
            for page, screens in zip(pages, (SCREENS, SCREENS_OF_A_BIG_PAGE)):
                check(driver, page, screens, keep)
            found = at_load(read_runs(runs[:1])[0])
            assert found is not None, "the odd run has no open loop"
            check_chooser(driver, pages[0], found)
        finally:
            driver.quit()
    print("the report in a browser: fine")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Failed as failure:
        sys.exit(f"the report in a browser: {failure}")
