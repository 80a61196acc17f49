/** @file Every text that the viewer shows or says. */
export const TEXTS = {
  kind: "panorama viewer",
  keys: "Arrow keys turn, plus and minus zoom, 0 returns to the start.",
  zoomIn: "Zoom in",
  zoomOut: "Zoom out",
  reset: "Back to the start",
  fullScreen: "Full screen",
  steps: "Step of the diffusion",
  still: "This browser offers no WebGL 2, so the picture stays still.",
  failed: "The picture could not be shown in the viewer, so it stays still.",
  view: (heading: number, fov: number): string => {
    const side = heading < 0 ? "left" : "right";
    return `${Math.abs(Math.round(heading))}° ${Math.round(heading) === 0 ? "ahead" : side}, ${Math.round(fov)}° high`;
  },
} as const;
