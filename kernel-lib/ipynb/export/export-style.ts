/** @file The CSS of an exported notebook: one column, light or dark as the browser prefers, from 320 px up. */
import { pageVariables } from "../../panorama/colors.js";

/** The sixteen terminal colours, readable on the light and on the dark page. */
const INKS_LIGHT =
  "#3a3a3a #b3261e #1f6f2e #7a5900 #1f57b0 #8a2c8f #0b6a74 #5f5f5f #5a5a5a #c02b22 #237c34 #866100 #2a63c4 #9a369f #0d7680 #4a4a4a";
const INKS_DARK =
  "#9a9a9a #ff8a80 #84d68f #e2c36b #93b8ff #e3a0e8 #76d3dd #d0d0d0 #b0b0b0 #ffa59d #9fe3a8 #efd68d #adc9ff #edb8f0 #97e0e8 #f2f2f2";
const inks = (colours: string): string =>
  colours
    .split(" ")
    .map((colour, i) => `--i${i}:${colour};`)
    .join("");

/** The CSS of an exported notebook. */
export const EXPORT_STYLE: string = `
:root{color-scheme:light dark;${pageVariables("light")}--comment:#5f6a62;--text:#20662f;--number:#8a3c00;--word:#7a2a86;--wrong:#a3271b;${inks(INKS_LIGHT)}}
@media (prefers-color-scheme:dark){:root{${pageVariables("dark")}--comment:#98a39b;--text:#93d3a0;--number:#f0b27e;--word:#d9a4e2;--wrong:#ff9a90;${inks(INKS_DARK)}}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.6 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;-webkit-text-size-adjust:100%}
main{max-width:980px;margin:0 auto;padding:clamp(24px,5vw,64px) clamp(14px,4vw,40px) 64px}
section{margin:0 0 18px;min-width:0}
.markdown{max-width:72ch;overflow-wrap:anywhere}
h1,h2,h3{font-family:"Iowan Old Style","Palatino Linotype",Palatino,"Book Antiqua",Georgia,serif;font-weight:400;line-height:1.2;text-wrap:balance}
h1{font-size:clamp(30px,5.4vw,46px);margin:.2em 0 .5em;letter-spacing:-.012em}
h2{font-size:27px;margin:1.6em 0 .4em}
h3{font-size:21px;margin:1.4em 0 .4em}
a{color:var(--accent)}
img,svg,video,canvas{max-width:100%}
.markdown img,.output>img{height:auto}
blockquote{margin:1em 0;padding:.1em 1em;border-left:3px solid var(--line);color:var(--soft)}
code,pre{font:13.5px/1.55 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
:not(pre)>code{padding:.1em .3em;border-radius:4px;background:var(--card);border:1px solid var(--line)}
pre{margin:0;overflow-x:auto}
.source{padding:12px 16px;border-radius:10px;background:var(--card);border:1px solid var(--line)}
summary{cursor:pointer;color:var(--soft);font-size:14px;padding:4px 0}
.output{margin:10px 0 0;padding:0 2px;overflow-x:auto}
.output pre{white-space:pre-wrap;overflow-wrap:anywhere;max-height:30em;overflow-y:auto}
.output>.stderr{border-left:3px solid var(--number);padding-left:12px}
.output>.error{border-left:3px solid var(--wrong);padding-left:12px}
table{border-collapse:collapse;font-size:15px;font-variant-numeric:tabular-nums;display:block;overflow-x:auto}
th,td{padding:5px 12px 5px 0;border-top:1px solid var(--line);text-align:left}
math{font-size:1.08em}
math.tml-display{display:block math;margin:.9em 0;overflow-x:auto;overflow-y:hidden;max-width:100%}
.temml-error{color:var(--wrong)!important}
.code-comment{color:var(--comment);font-style:italic}.code-text,.code-regexp{color:var(--text)}.code-number{color:var(--number)}.code-word{color:var(--word)}
.bold{font-weight:700}.faint{opacity:.75}.italic{font-style:italic}.underline{text-decoration:underline}.inverse{filter:invert(1);background:var(--page)}
${Array.from({ length: 16 }, (_, i) => `.ink${i}{color:var(--i${i})}.ground${i}{background:var(--i${i});color:var(--page)}`).join("")}
@media print{.output pre{max-height:none}}
`;
