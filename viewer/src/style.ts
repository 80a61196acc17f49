/** @file The viewer's look: quiet, light or dark with the page, nothing over the middle of the picture. */
import { WARNING } from "../../kernel-lib/panorama/colors.js";

const CSS = `
.veduta-panorama{--veduta-space:#ece9e4;position:relative;overflow:hidden;border-radius:inherit;background:var(--veduta-space);line-height:0;font:500 12px/1.3 system-ui,sans-serif}
.veduta-panorama>img{display:block;width:100%;height:auto;max-height:80vh;object-fit:contain}
.veduta-panorama:has(>.veduta-stage)>img{position:absolute;z-index:1;top:0;aspect-ratio:21/9;min-height:220px;pointer-events:none}
.veduta-panorama:has(>.veduta-wide)>img{aspect-ratio:3}
.veduta-panorama[data-state=live]>img{display:none}
.veduta-stage{position:relative;aspect-ratio:21/9;min-height:220px;max-height:80vh;width:100%}
.veduta-wide{aspect-ratio:3}
.veduta-stage canvas{position:absolute;inset:0;width:100%;height:100%;display:block;touch-action:pan-y;cursor:grab;outline-offset:-3px}
.veduta-stage canvas:active{cursor:grabbing}
.veduta-stage canvas:focus-visible{outline:3px solid #fff;box-shadow:inset 0 0 0 5px #1a5fb4}
.veduta-tools{position:absolute;right:10px;bottom:10px;display:flex;gap:4px}
.veduta-tools [hidden]{display:none!important}
.veduta-tools button{all:unset;box-sizing:border-box;width:32px;height:32px;display:grid;place-items:center;border-radius:8px;background:rgb(20 22 26/.72);color:#fff;cursor:pointer}
.veduta-tools button[aria-pressed=true]{background:#1a5fb4}
.veduta-tools button:hover{background:rgb(20 22 26/.85)}
.veduta-tools button:focus-visible{outline:2px solid #fff;box-shadow:0 0 0 4px #1a5fb4}
.veduta-tools svg,.veduta-steps svg,.veduta-bar svg{width:16px;height:16px;fill:none;stroke:currentColor;stroke-width:1.6;stroke-linecap:round;stroke-linejoin:round}
.veduta-note{position:absolute;left:10px;bottom:10px;padding:7px 10px;border-radius:8px;background:rgb(20 22 26/.78);color:#fff;font-variant-numeric:tabular-nums;opacity:0;transition:opacity .3s;pointer-events:none}
.veduta-note[data-shown]{opacity:1}
.veduta-side{position:absolute;top:10px;max-width:calc(50% - 30px);padding:5px 9px;border-radius:8px;background:rgb(20 22 26/.78);color:#fff;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;pointer-events:none}
.veduta-caption{margin:0;padding:8px 12px 0;line-height:1.4;font-weight:400;color:color-mix(in srgb,CanvasText 78%,Canvas);background:Canvas;overflow-wrap:anywhere}
.veduta-bar,.veduta-steps{display:flex;flex-wrap:wrap;align-items:center;gap:8px;padding:8px 10px;line-height:1.3;color:CanvasText;background:Canvas}
.veduta-bar:empty,.veduta-panels:empty{display:none}
.veduta-bar button,.veduta-bar select,.veduta-steps button,.veduta-steps select,.veduta-panel button,.veduta-panel input,.veduta-panel textarea{box-sizing:border-box;min-height:32px;padding:4px 10px;font:inherit;color:CanvasText;background:Canvas;border:1px solid color-mix(in srgb,CanvasText 45%,Canvas);border-radius:8px}
.veduta-bar button,.veduta-steps button,.veduta-panel button{cursor:pointer}
.veduta-bar button[aria-pressed=true],.veduta-bar button[aria-expanded=true],.veduta-steps button[aria-pressed=true]{background:#1a5fb4;border-color:#1a5fb4;color:#fff}
.veduta-bar :focus-visible,.veduta-steps :focus-visible,.veduta-panel :focus-visible{outline:3px solid #1a5fb4;outline-offset:1px}
[data-scheme=dark] :is(.veduta-bar,.veduta-steps,.veduta-panel) :focus-visible{outline-color:#99c1f1}
.veduta-steps button{display:grid;place-items:center;width:32px;padding:0}
.veduta-panel{padding:6px 12px 14px;line-height:1.45;color:CanvasText;background:Canvas;font-weight:400;font-variant-numeric:tabular-nums}
.veduta-panel h3{margin:0 0 6px;font:600 13px/1.4 system-ui,sans-serif}
.veduta-panel p{margin:0 0 8px;max-width:70ch}
.veduta-help dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 16px;margin:0}
.veduta-help dd{margin:0}
.veduta-help kbd{display:inline-block;min-width:1.2em;padding:0 5px;text-align:center;border:1px solid color-mix(in srgb,CanvasText 35%,Canvas);border-radius:5px;font:inherit}
.veduta-row,.veduta-detail{display:flex;flex-wrap:wrap;align-items:flex-start;gap:8px 16px;margin:0 0 8px}
.veduta-row{align-items:center;gap:8px}
.veduta-steps input{flex:1;min-width:0;accent-color:#2c718e}
.veduta-steps output{min-width:7.5em;text-align:right;font-variant-numeric:tabular-nums}
.veduta-chart{display:block;width:min(100%,420px);margin:0 0 8px}
.veduta-chart svg{display:block;width:100%;overflow:visible}
.veduta-chart text{font:12px system-ui,sans-serif;fill:CanvasText}
.veduta-chart line{stroke:color-mix(in srgb,CanvasText 45%,Canvas)}
.veduta-chart rect{fill:color-mix(in srgb,CanvasText 55%,Canvas)}
.veduta-chart .cut{fill:${WARNING}}
.veduta-divider{flex:1 1 120px;min-width:0;accent-color:#2c718e;padding:0}
.veduta-panel[hidden],.veduta-divider[hidden]{display:none}
.veduta-legend{display:flex;flex-wrap:wrap;align-items:center;gap:8px;margin:0 0 8px}
.veduta-legend i{flex:0 1 200px;height:9px;min-width:60px;border-radius:5px}
.veduta-thumb{max-width:160px;max-height:120px;border-radius:6px}
.veduta-map{width:100%;max-width:480px;border-radius:4px}
.veduta-chart path{fill:none;stroke:#2c718e;stroke-width:2}
[data-scheme=dark] .veduta-chart path{stroke:#7cc4de}
.veduta-detail .veduta-chart{width:min(100%,320px)}
.veduta-panel textarea{display:block;width:100%;margin:0 0 8px}
.veduta-said{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.veduta-panorama:fullscreen .veduta-stage{height:100%;max-height:none;aspect-ratio:auto}
.veduta-panorama:fullscreen{display:flex;flex-direction:column}
.veduta-panorama:fullscreen .veduta-stage{flex:1;min-height:0}
@media (max-width:600px){.veduta-steps input{order:-1;flex:1 0 100%;min-height:32px}.veduta-steps output{flex:1;text-align:left}}
@media (max-width:560px){.veduta-stage{aspect-ratio:4/3}.veduta-wide{aspect-ratio:7/4}.veduta-note{bottom:auto;top:10px}}
.veduta-panorama[data-scheme=light]{color-scheme:light}
.veduta-panorama[data-scheme=dark]{color-scheme:dark;--veduta-space:#191b1f}
@media (prefers-reduced-motion:reduce){.veduta-note{transition:none}}
`;

let added: CSSStyleSheet | undefined;

/** Adds the style to the page, once. As a constructed sheet it needs no permission of the page's content policy. */
export function style(): void {
  if (added && document.adoptedStyleSheets.includes(added)) return;
  added ??= new CSSStyleSheet();
  added.replaceSync(CSS);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, added];
}
