/** @file Six terrains, each known by its shapes: peaks, domes, dunes, firs, towers, and a flat horizon. */
import type { Terrain } from "./captions.js";
import type { TerrainPainter } from "./scene.js";
import { desert, hills, mountains } from "./terrains-land.js";
import { city, forest, sea } from "./terrains-sites.js";

export const terrainPainters = { mountains, hills, desert, forest, city, sea } satisfies Record<Terrain, TerrainPainter>;
