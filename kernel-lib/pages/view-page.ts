/** @file A self-contained page with one viewer. */
import { html, trusted } from "./html.js";
import { pageShell } from "./page-shell.js";
import { type PanoramaSpec, panoramaFigure, viewerScript } from "./panorama-figure.js";

const STYLE =
  ":root{color-scheme:light dark}body{margin:0;font:16px/1.5 system-ui,sans-serif}h1{margin:0;padding:10px 12px;font:500 16px/1.4 system-ui,sans-serif;overflow-wrap:anywhere}main{min-height:100vh}.veduta-stage{aspect-ratio:auto!important;height:calc(100vh - 160px)}";

/** Makes a page with one viewer. @param src data: URL of the picture @param title any text @throws CheckpointError if the viewer was not built */
export const viewPage = ({ src, title, spec }: { readonly src: string; readonly title: string; readonly spec: PanoramaSpec }): string =>
  pageShell({
    title,
    style: STYLE,
    policy: "sealed",
    body: html`<main>
<h1>${title}</h1>
${trusted(panoramaFigure("panorama", { src, alt: title, spec }))}
</main>`,
    scripts: [html`<script>${trusted(viewerScript())}</script>`],
  });
