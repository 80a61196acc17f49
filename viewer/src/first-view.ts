/** @file The views that a viewer chooses by itself: straight ahead, the whole picture, a whole planet, and which of them comes first. */
import type { Coverage } from "../../kernel-lib/panorama/coverage.js";
import { horizontalFov, type Projection, projections } from "../../kernel-lib/panorama/projections.js";
import type { ViewState } from "../../kernel-lib/panorama/view-state.js";

/** A view without the step and the comparison. */
export type Look = Pick<ViewState, "heading" | "pitch" | "roll" | "fov" | "projection">;

/** The angle of view, in degrees, of the picture's shorter side. */
const AHEAD = 75;
const PLANET = 230;
/** The whole picture takes at least this share of the height, so that a narrow screen shows a part of a strip and not a line. */
const LEAST_HEIGHT = 0.3;
/** A view with fewer of the picture's pixels per pixel of the page is a blur. */
const SHARP = 0.4;

/** The size in CSS pixels of a view that has none yet, because its page is hidden. */
const LIKELY = { width: 1000, height: 430 };

/** A view's size in CSS pixels. */
export const sizeOf = ({ clientWidth: width, clientHeight: height }: HTMLElement): { readonly width: number; readonly height: number } =>
  width > 0 && height > 0 ? { width, height } : LIKELY;

/** A view's width over its height. */
export const aspectOf = (view: HTMLElement): number => sizeOf(view).width / sizeOf(view).height;

/** The vertical angle at which the shorter side of the view has the given angle. @param aspect width / height */
const ofShorter = (projection: Projection, angle: number, aspect: number): number =>
  aspect >= 1 ? angle : horizontalFov(projection, angle, 1 / aspect);

const level = ({ vertical, centre = 0 }: Coverage): number => (vertical >= 180 ? 0 : centre);

/** Straight ahead. Of a strip, as much as it has of the height. */
export function ahead(coverage: Coverage, aspect: number): Look {
  const [least, most] = projections.perspective.range;
  const fov = Math.min(ofShorter("perspective", AHEAD, aspect), most, Math.max(least, coverage.vertical * 0.94));
  return { heading: 0, pitch: level(coverage), roll: 0, fov, projection: "perspective" };
}

/** The whole picture, flat. */
export function whole(coverage: Coverage, aspect: number): Look {
  const [least, most] = projections.flat.range;
  const fits = Math.max(coverage.vertical, coverage.horizontal / aspect);
  const fov = Math.min(most, Math.max(least, Math.min(fits, coverage.vertical / LEAST_HEIGHT)));
  return { heading: 0, pitch: level(coverage), roll: 0, fov, projection: "flat" };
}

/** A whole little planet, seen from above. */
export const planet = (aspect: number): Pick<ViewState, "pitch" | "fov" | "projection"> => ({
  pitch: -90,
  fov: Math.min(projections.planet.range[1], ofShorter("planet", PLANET, aspect)),
  projection: "planet",
});

/** The first view: straight ahead, or all of a strip where that would be a blur. @param pixels width of the picture @param page width and height of the view, CSS pixels */
export function firstView(coverage: Coverage, pixels: number, page: { readonly width: number; readonly height: number }): Look {
  const aspect = page.width / page.height;
  const look = ahead(coverage, aspect);
  const strip = coverage.vertical < 180 && coverage.horizontal > 180;
  const across = Math.min(coverage.horizontal, horizontalFov("perspective", look.fov, aspect));
  return strip && (pixels * across) / coverage.horizontal < SHARP * page.width ? whole(coverage, aspect) : look;
}
