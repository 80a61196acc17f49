/** @file The viewer's look: quiet, light or dark with the page, nothing over the middle of the picture. */
const CSS = `
.veduta-panorama{--veduta-space:#ece9e4;position:relative;overflow:hidden;border-radius:inherit;background:var(--veduta-space);line-height:0;font:500 12px/1.3 system-ui,sans-serif}
.veduta-panorama>img{display:block;width:100%;height:auto}
.veduta-panorama[data-state=live]>img{display:none}
.veduta-stage{position:relative;aspect-ratio:21/9;min-height:220px;max-height:80vh;width:100%}
.veduta-panorama canvas{position:absolute;inset:0;width:100%;height:100%;display:block;touch-action:pan-y;cursor:grab;outline-offset:-3px}
.veduta-panorama canvas:active{cursor:grabbing}
.veduta-panorama canvas:focus-visible{outline:3px solid #fff;box-shadow:inset 0 0 0 5px #1a5fb4}
.veduta-tools{position:absolute;right:10px;bottom:10px;display:flex;gap:4px}
.veduta-tools button{all:unset;box-sizing:border-box;width:32px;height:32px;display:grid;place-items:center;border-radius:8px;background:rgb(20 22 26/.62);color:#fff;cursor:pointer}
.veduta-tools button:hover{background:rgb(20 22 26/.85)}
.veduta-tools button:focus-visible{outline:2px solid #fff;box-shadow:0 0 0 4px #1a5fb4}
.veduta-tools svg{width:16px;height:16px;fill:none;stroke:currentColor;stroke-width:1.6;stroke-linecap:round;stroke-linejoin:round}
.veduta-note{position:absolute;left:10px;bottom:10px;padding:7px 10px;border-radius:8px;background:rgb(20 22 26/.62);color:#fff;font-variant-numeric:tabular-nums;opacity:0;transition:opacity .3s;pointer-events:none}
.veduta-note[data-shown]{opacity:1}
.veduta-steps{display:flex;align-items:center;gap:12px;padding:10px 12px;line-height:1.3;color:CanvasText;background:Canvas}
.veduta-steps input{flex:1;min-width:0;accent-color:#2c718e}
.veduta-steps output{min-width:7.5em;text-align:right;font-variant-numeric:tabular-nums}
.veduta-said{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.veduta-panorama:fullscreen .veduta-stage{height:100%;max-height:none;aspect-ratio:auto}
.veduta-panorama:fullscreen{display:flex;flex-direction:column}
.veduta-panorama:fullscreen .veduta-stage{flex:1;min-height:0}
@media (max-width:560px){.veduta-stage{aspect-ratio:4/3}}
@media (prefers-color-scheme:dark){.veduta-panorama{--veduta-space:#191b1f}}
@media (prefers-reduced-motion:reduce){.veduta-note{transition:none}}
`;

/** Adds the style to the page, once. */
export function style(): void {
  if (document.getElementById("veduta-style")) return;
  const element = document.createElement("style");
  element.id = "veduta-style";
  element.textContent = CSS;
  document.head.append(element);
}
