/** @file The joint methods: the functions that run them, and their rows of the table. A new one is a file and its lines here. */
import { cdgs } from "./cdgs.js";
import { collage } from "./diffcollage.js";
import { guided } from "./guided-fusion.js";
import { gvcf } from "./gvcf.js";
import { independent } from "./independent.js";
import { mad } from "./mad.js";
import { multi } from "./multidiffusion.js";
import { regions } from "./regions.js";
import { safa } from "./safa.js";
import { spot } from "./spotdiffusion.js";
import { sync } from "./syncdiffusion.js";
import { twin } from "./twindiffusion.js";

export { alignedStart } from "./aligned-start.js";
export { guidedSearch } from "./cdgs.js";
export { diffCollage } from "./diffcollage.js";
export { guidedFusion } from "./guided-fusion.js";
export { gvcfDiffusion } from "./gvcf.js";
export { independentWindows } from "./independent.js";
export { mergeAttendDiffuse } from "./mad.js";
export { multiDiffusion } from "./multidiffusion.js";
export { regionDiffusion } from "./regions.js";
export { safaDiffusion } from "./safa.js";
export { spotDiffusion } from "./spotdiffusion.js";
export { syncDiffusion } from "./syncdiffusion.js";
export { twinDiffusion } from "./twindiffusion.js";

/** Every joint method. */
export const JOINT_METHODS = [sync, multi, spot, safa, collage, mad, cdgs, guided, gvcf, twin, regions, independent] as const;
