/** @file The report's CSS: one column, light or dark as the browser prefers, from 320 px up. */
import { pageVariables, viridis, WARNING } from "../panorama/colors.js";
import { SHADES } from "./series-curve.js";

/** The part of the colour scale with enough contrast: the dark end on white, the light end on black. */
const shades = (from: number, to: number): string =>
  Array.from({ length: SHADES }, (_, k) => `--s${k}:${viridis(from + ((to - from) * k) / (SHADES - 1))};`).join("");

/** The CSS of a report. */
export const REPORT_STYLE: string = `
:root{color-scheme:light dark;${pageVariables("light")}${shades(0.12, 0.72)}}
@media (prefers-color-scheme:dark){:root{${pageVariables("dark")}${shades(0.98, 0.42)}}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.6 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;-webkit-text-size-adjust:100%}
main{max-width:1120px;margin:0 auto;padding:clamp(24px,5vw,72px) clamp(16px,4vw,40px) 64px}
header{margin-bottom:clamp(24px,4vw,44px)}
.kind{margin:0;color:var(--soft);font-size:14px;letter-spacing:.02em}
h1{margin:.25em 0 .35em;font:400 clamp(30px,5.4vw,54px)/1.12 "Iowan Old Style","Palatino Linotype",Palatino,"Book Antiqua",Georgia,serif;letter-spacing:-.012em;overflow-wrap:anywhere;text-wrap:balance}
.facts{margin:0;color:var(--soft);max-width:62ch}
h2{margin:clamp(48px,6vw,76px) 0 .35em;font:400 26px/1.25 "Iowan Old Style","Palatino Linotype",Palatino,"Book Antiqua",Georgia,serif}
h2+p{margin:0 0 22px;max-width:66ch;color:var(--soft)}
.stopped{margin:0 0 28px;padding:14px 18px;border-left:3px solid ${WARNING};background:var(--card);overflow-wrap:anywhere}
.picture{margin:0;border-radius:12px;overflow:hidden;box-shadow:0 1px 2px rgb(0 0 0/.08),0 12px 40px -12px rgb(0 0 0/.25)}
.veduta-panorama>img{display:block;width:100%;height:auto}
.hint{margin:12px 2px 0;color:var(--soft);font-size:14px}
.map{display:grid;grid-template-columns:2.2rem minmax(0,1fr);column-gap:8px;font-size:12px;color:var(--soft);font-variant-numeric:tabular-nums}
.map>.strip{grid-column:2;position:relative;line-height:0;border-radius:6px 6px 0 0;overflow:hidden}
.map>.strip img{width:100%;height:auto;min-height:36px;object-fit:fill;cursor:pointer}
.map .cells{grid-column:2;position:relative;height:clamp(150px,24vw,280px);margin-top:3px}
.map .cells svg,.area svg{display:block;width:100%;height:100%;overflow:visible}
.map .cells svg{shape-rendering:crispEdges;border-radius:0 0 6px 6px;overflow:hidden}
.map .cells g{cursor:pointer}
.map .cells g:hover{filter:brightness(1.25)}
.map .none{fill:var(--line)}
.map .rows{grid-column:1;display:flex;flex-direction:column;justify-content:space-between;text-align:right;line-height:1.1;padding:1px 0}
.map .degrees{grid-column:2;position:relative;height:1.9em;margin-top:6px}
.map .degrees span{position:absolute;transform:translateX(-50%);white-space:nowrap}
.map .degrees span:first-child{transform:none}
.map .degrees span:last-child{transform:translateX(-100%)}
.anchor{position:absolute;top:0;bottom:0;border:dashed #fff;border-width:0 1px;box-shadow:0 0 0 1px rgb(0 0 0/.35),inset 1px 0 rgb(0 0 0/.35),inset -1px 0 rgb(0 0 0/.35);pointer-events:none}
.anchor-name{grid-column:2;position:relative;height:1.7em}
.anchor-name span{position:absolute;transform:translateX(-50%);color:var(--ink);white-space:nowrap}
.veduta-frame{position:absolute;top:0;bottom:0;border:2px solid #fff;border-radius:4px;box-shadow:0 0 0 1px rgb(0 0 0/.55),inset 0 0 0 1px rgb(0 0 0/.55);pointer-events:none}
.scale{display:flex;flex-wrap:wrap;align-items:center;gap:8px;font-size:13px;color:var(--soft);font-variant-numeric:tabular-nums;margin:8px 0 0 calc(2.2rem + 8px)}
.scale b{font-weight:400;white-space:nowrap;margin-left:6px}
.scale i{flex:0 1 200px;height:9px;border-radius:5px}
.plot{display:grid;grid-template-columns:2.2rem minmax(0,1fr);column-gap:8px;font-size:12px;color:var(--soft);font-variant-numeric:tabular-nums}
.plot .y{position:relative}
.plot .y span{position:absolute;right:0;transform:translateY(-50%)}
.plot .area{height:clamp(220px,34vw,380px)}
.plot .unit{margin-top:8px;text-align:right}
.plot .x{position:relative;height:1.8em;margin-top:8px}
.plot .x span{position:absolute;transform:translateX(-50%);white-space:nowrap}
.plot .x span:first-child{transform:none}
.plot .x span:last-child:not(:first-child){transform:translateX(-100%)}
.plot path{fill:none;stroke-width:1.4;vector-effect:non-scaling-stroke;stroke-linejoin:round}
.plot .grid{stroke:var(--line);stroke-width:1}
.plot .near{stroke:transparent!important;stroke-width:11!important;pointer-events:stroke}
.plot g:hover path{stroke-width:3}
.plot .mean path{stroke:var(--ink);stroke-width:2.6}
${Array.from({ length: SHADES }, (_, k) => `.shade-${k}{stroke:var(--s${k});background:var(--s${k})}`).join("")}
.legend{display:flex;flex-wrap:wrap;gap:6px 26px;margin:14px 0 0;padding:0 0 0 calc(2.2rem + 8px);list-style:none;font-size:13px;color:var(--soft)}
.legend li{display:flex;align-items:center;gap:8px}
.key{width:22px;height:0}
.mean-key{border-top:3px solid var(--ink)}
.anchor-key{border-top:2px dashed var(--soft)}
.shades{display:flex;width:88px;height:9px;border-radius:5px;overflow:hidden}
.shades b{flex:1}
.stage{display:grid;grid-template-columns:repeat(auto-fit,minmax(96px,1fr));gap:10px;max-width:760px}
.stage figure,.scene{margin:0}
.stage img,.scene img{display:block;width:100%;border-radius:6px}
.scene img{max-width:420px}
.pixelated img{image-rendering:pixelated;border-radius:0}
figcaption{font-size:13px;color:var(--soft)}
.tables{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,380px),1fr));gap:8px 56px}
table{width:100%;border-collapse:collapse;font-size:15px;align-self:start}
caption{text-align:left;padding:0 0 8px;color:var(--soft);font-size:14px}
th,td{padding:8px 0;border-top:1px solid var(--line);text-align:left;vertical-align:top;font-weight:400}
th{width:42%;padding-right:16px;color:var(--soft)}
th small{display:block;font-size:.82em}
td{overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
code,pre{font:13.5px/1.6 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
pre{margin:28px 0 0;padding:14px 18px;border-radius:10px;background:var(--card);border:1px solid var(--line);white-space:pre-wrap;overflow-wrap:anywhere}
footer{margin-top:56px;padding-top:18px;border-top:1px solid var(--line);color:var(--soft);font-size:13.5px}
footer p{margin:0 0 6px;max-width:80ch}
@media print{.picture{box-shadow:none}}
`;
