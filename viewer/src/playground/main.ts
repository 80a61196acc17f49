/** @file The page viewer/playground.html: two windows with one overlap, painted three ways while their starting noise is dragged. */
import { pageVariables } from "../../../kernel-lib/panorama/colors.js";
import { make } from "../dom.js";
import { GRID, Plane } from "./plane.js";
import { drawStrip } from "./strip.js";
import {
  crops,
  field,
  type Knobs,
  type Means,
  mean,
  modeBefore,
  noiseOf,
  type Painted,
  paint,
  STEPS,
  spread,
  WAYS,
  type Way,
  withMeans,
} from "./two-windows.js";

/** Noises of the table. */
const MANY = 200;
const ways = Object.keys(WAYS) as Way[];
const at = <E extends HTMLElement>(id: string): E => document.getElementById(id) as E;
const slider = (id: string): HTMLInputElement => at<HTMLInputElement>(id);
const dark = matchMedia("(prefers-color-scheme: dark)");

let seed = 5;
/** The means that were dragged to; undefined: those of the drawn noise. Each window alone would go its own way from here. */
let start: Means | undefined = [0.4, -0.3];
const plane = new Plane((dragged) => {
  start = dragged;
  refresh();
});

const strips = ways.map((way) => {
  const canvas = make("canvas", { role: "img" });
  const caption = make("figcaption");
  return { way, canvas, caption, figure: make("figure", { className: way }, make("h3", {}, WAYS[way]), canvas, caption) };
});

const knobs = (): Knobs => ({
  overlap: slider("overlap").valueAsNumber,
  weight: slider("weight").valueAsNumber,
  syncSteps: slider("syncSteps").valueAsNumber,
});
const lastOf = ({ first, second }: Painted): Means => [mean(first[STEPS]), mean(second[STEPS])];
const agree = ([a, b]: Means): boolean => a * b > 0;
const signed = (value: number): string => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;

/** Paints again and shows it; a request that comes while one runs is answered after it, with the latest values. */
let state: "idle" | "busy" | "again" = "idle";
async function refresh(): Promise<void> {
  if (state !== "idle") {
    state = "again";
    return;
  }
  do {
    state = "busy";
    await show();
    await new Promise(requestAnimationFrame);
  } while ((state as string) === "again");
  state = "idle";
}

async function show(): Promise<void> {
  const now = knobs();
  const step = slider("step").valueAsNumber;
  const way = at<HTMLSelectElement>("field").value as Way;
  const drawn = noiseOf(seed, now.overlap);
  const means = crops(drawn, now.overlap).map(mean) as [number, number];
  const noise = start ? withMeans(drawn, now.overlap, start) : drawn;
  const painted = await Promise.all(ways.map((each) => paint(each, noise, now)));
  const paths = Object.fromEntries(
    ways.map((each, k) => [each, painted[k].first.map((own, row): Means => [mean(own), mean(painted[k].second[row])])]),
  ) as Record<Way, Means[]>;
  plane.show({
    start: start ?? means,
    paths,
    step,
    mode: modeBefore(step),
    way,
    leads: await field(way, Math.min(step, STEPS - 1), GRID, now),
  });
  for (const [k, { canvas, caption, way: each }] of strips.entries()) {
    drawStrip(canvas, painted[k], dark.matches ? "dark" : "light");
    const [a, b] = lastOf(painted[k]);
    const said = `means ${signed(a)} and ${signed(b)}: ${agree([a, b]) ? "they agree" : "they differ"}`;
    caption.textContent = said;
    canvas.ariaLabel = `${WAYS[each]}, columns of both windows over ${STEPS} steps: ${said}`;
  }
  for (const id of ["overlap", "weight", "syncSteps", "step"]) at(`${id}-value`).textContent = slider(id).value;
}

/** The table over many noises, in parts, so that the page stays alive; a change of a control begins anew. */
let counting = 0;
async function count(): Promise<void> {
  const mine = ++counting;
  const now = knobs();
  const totals = ways.map(() => ({ agree: 0, between: 0, spread: 0 }));
  at("counted").textContent = "Painting …";
  for (let each = 1; each <= MANY; each++) {
    const noise = noiseOf(1000 + each, now.overlap);
    for (const [k, way] of ways.entries()) {
      const painted = await paint(way, noise, now);
      const last = lastOf(painted);
      totals[k].agree += agree(last) ? 1 : 0;
      totals[k].between += last.filter((value) => Math.abs(value) < 0.5).length / 2;
      totals[k].spread += (spread(painted.first[STEPS]) + spread(painted.second[STEPS])) / 2;
    }
    if (each % 5 === 0) await new Promise((done) => setTimeout(done));
    if (mine !== counting) return;
  }
  const percent = (total: number) => `${Math.round((100 * total) / MANY)} %`;
  at("rows").replaceChildren(
    ...ways.map((way, k) =>
      make(
        "tr",
        {},
        make("th", { scope: "row" }, WAYS[way]),
        ...[percent(totals[k].agree), percent(totals[k].between), (totals[k].spread / MANY).toFixed(2)].map((cell) => make("td", {}, cell)),
      ),
    ),
  );
  at("counted").textContent = `${MANY} drawn noises, with the sliders' values.`;
}
let waiting: ReturnType<typeof setTimeout>;
const countSoon = () => {
  counting++; // ends the running count
  clearTimeout(waiting);
  waiting = setTimeout(count, 400);
};

document.head.append(
  make("style", {}, `:root{${pageVariables("light")}}@media(prefers-color-scheme:dark){:root{${pageVariables("dark")}}}`),
);
at("plane").append(plane.element);
at("strips").append(...strips.map(({ figure }) => figure));
for (const id of ["overlap", "weight", "syncSteps"])
  slider(id).addEventListener("input", () => {
    refresh();
    countSoon();
  });
for (const id of ["step", "field"]) at(id).addEventListener("input", refresh);
at("noise").addEventListener("click", () => {
  seed++;
  start = undefined;
  refresh();
});
dark.addEventListener("change", refresh);
refresh();
countSoon();
