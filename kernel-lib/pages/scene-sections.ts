/** @file The parts of a report that a picture from a pyramid of codes has: what was asked for, its stages, its codes. */
import type { SceneCondition } from "../conditions/scene.js";
import type { ForeseenPicture, Picture, ReportRun, RunInfo } from "../runs/run-data.js";
import { dataUrl, type Html, html } from "./html.js";

/** Pictures of a stage. */
const SHOWN = 6;

/** What a scene was asked for with, in a few words. */
export function sceneTitle(options: RunInfo["options"]): string {
  const { prompt, labels, layout, graph } = options as unknown as Partial<Record<"prompt" | "labels" | "layout" | "graph", never>>;
  const names = labels ?? (layout as SceneLayout | undefined)?.map(({ what }) => what) ?? (graph as SceneGraph | undefined)?.objects;
  return prompt ?? (names ? [...new Set<string>(names)].join(", ") : "Untitled");
}

type SceneLayout = Extract<SceneCondition, { layout: unknown }>["layout"];
type SceneGraph = Extract<SceneCondition, { graph: unknown }>["graph"];

/** The condition, the stages and the codes. */
export function sceneSections({ info, steps, foreseen = [], layout, codes }: ReportRun): Html {
  const graph = info.options.graph as SceneGraph | undefined;
  const relations = graph?.relations.map(
    ([subject, predicate, object]) => html`<li>${graph.objects[subject]} ${predicate} ${graph.objects[object]}</li>`,
  );
  const stages = [...new Set(steps.map(({ stage = 0 }) => stage))];
  const rows = stages.map((stage) => {
    const own = foreseen.filter(({ step }) => steps[step]?.stage === stage);
    const shown = own.filter((_, k) => k === own.length - 1 || k % Math.ceil(own.length / (SHOWN - 1)) === 0);
    return shown.length === 0
      ? undefined
      : html`<p>Stage ${stage}${stage === 0 ? ", the coarsest" : ""}:</p><div class="stage">${shown.map(foreseenFigure)}</div>`;
  });
  return html`${layout ? html`<h2>What was asked for</h2>${pictureFigure(layout, "The boxes of the layout, with their names")}` : undefined}
${relations ? html`<h2>What was asked for</h2><ul>${relations}</ul>` : undefined}
<h2>From coarse to fine</h2>
<p>What the steps foresee, decoded. Finer stages are still empty while a coarser one is sampled.</p>
${rows}
${codes ? html`<h2>Codes</h2><p>Each colour is one entry of a codebook; coarse on the left, fine on the right.</p>${pictureFigure(codes, "The codes of the picture by colour", "pixelated")}` : undefined}`;
}

const foreseenFigure = ({ step, type, bytes }: ForeseenPicture): Html =>
  html`<figure><img src="${dataUrl(type, bytes)}" alt="foreseen after step ${step}"><figcaption>step ${step}</figcaption></figure>`;

/** A picture in a report. @param alt what it shows @param kind a class of the page's style */
export const pictureFigure = ({ type, bytes }: Picture, alt: string, kind = ""): Html =>
  html`<figure class="scene ${kind}"><img src="${dataUrl(type, bytes)}" alt="${alt}"></figure>`;
