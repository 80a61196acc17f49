/** @file A self-contained page with one viewer. */

import { escapeHtml } from "./html.js";
import { type PanoramaSpec, panoramaFigure, viewerScript } from "./panorama-figure.js";

const POLICY =
  "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** Makes a page with one viewer. @param src data: URL of the picture @param title any text @throws CheckpointError if the viewer was not built */
export const viewPage = ({ src, title, spec }: { readonly src: string; readonly title: string; readonly spec: PanoramaSpec }): string =>
  `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${escapeHtml(title)} · Veduta</title>
<link rel="icon" href="data:,">
<style>:root{color-scheme:light dark}body{margin:0;font:16px/1.5 system-ui,sans-serif}h1{margin:0;padding:10px 12px;font:500 16px/1.4 system-ui,sans-serif;overflow-wrap:anywhere}main{min-height:100vh}.veduta-stage{aspect-ratio:auto!important;height:calc(100vh - 160px)}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
${panoramaFigure("panorama", { src, alt: title, spec })}
</main>
<script>${viewerScript()}</script>
</body>
</html>
`;
