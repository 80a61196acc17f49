/** @file The public surface of Veduta, in the order a lesson meets it. */
// biome-ignore-all assist/source/organizeImports: the order is a lesson's, not the alphabet's

// a model
export { BUNDLED_MODELS, openModel } from "./model.js";
export type { Model, OpenModelOptions } from "./model.js";
export type { PerceptualFiles } from "./checkpoint/folder.js";
export type { DeviceChoice } from "./graph/devices.js";
export type { Precision } from "./graph/half.js";
export type { Device } from "./graph/session.js";

// painting a panorama
export { multiDiffusion } from "./joint/multidiffusion.js";
export { syncDiffusion } from "./joint/syncdiffusion.js";
export { methods } from "./joint/methods.js";
export type { JointMethod, MethodName } from "./joint/methods.js";
export type { JointOptions, ResolvedOptions } from "./joint/options.js";
export type { ResolvedSyncOptions, SyncOptions } from "./joint/sync-options.js";
export type { JointResult, JointRun, JointSteps, StepRecord, WindowRecord } from "./joint/step-record.js";
export type { JointModel, JointModelConfig, NoiseOptions, PerceptualOptions } from "./joint/joint-model.js";

// watching it, and looking at it
export { track } from "./notebook/track.js";
export type { Tracked, TrackOptions } from "./notebook/track.js";
export { trackedSteps } from "./notebook/tracked-runs.js";
export { panoramaView } from "./notebook/panorama-view.js";
export type { PanoramaView, PanoramaViewOptions, ViewedStep } from "./notebook/panorama-view.js";
export { stripCoverage } from "./notebook/coverage.js";
export type { Coverage } from "./notebook/coverage.js";
export { imageCoverage } from "./notebook/image-coverage.js";
export { image } from "./notebook/image.js";
export type { ImageOptions } from "./notebook/image.js";
export { table } from "./notebook/table.js";
export type { TableCell, TableOptions } from "./notebook/table.js";

// plotting its numbers
export { gradientPlot, lossPlot } from "./notebook/plots/window-lines.js";
export type { WindowLinesOptions } from "./notebook/plots/window-lines.js";
export { windowStrip } from "./notebook/plots/window-strip.js";
export type { StripStep, WindowStripOptions } from "./notebook/plots/window-strip.js";
export { latentView } from "./notebook/plots/latent-view.js";
export type { LatentStep, LatentViewOptions } from "./notebook/plots/latent-view.js";
export { schedulePlot } from "./notebook/plots/schedule-plot.js";
export type { PlottedSchedule, SchedulePlotOptions } from "./notebook/plots/schedule-plot.js";
export { figure } from "./notebook/plots/figure.js";
export type { FigureOptions } from "./notebook/plots/figure.js";
export type { PlottedStep } from "./notebook/plots/plotted-steps.js";
export type { PlotLayout, PlotTrace } from "./notebook/plots/plot-spec.js";

// showing anything else, anywhere
export { currentSink, displayable, setSink } from "./notebook/display.js";
export type { Displayable, DisplayableOptions, LibraryName, MimeBundle, ShowOptions, Sink } from "./notebook/display.js";
export { filesSink } from "./notebook/display-files.js";
export { memorySink } from "./notebook/display-sinks.js";
export { runIdOf } from "./notebook/run-id.js";

// a run on disk
export { openRun } from "./run-folder.js";
export type { SavedRun } from "./run-folder.js";
export { reportRun, runHead, savedOptions, saveRun } from "./run.js";

// its windows
export { coverage, planWindows } from "./joint/windows.js";
export type { Extent, Window } from "./joint/windows.js";
export type { Grid } from "./joint/tiling.js";
export { crop, cropAll, fuse } from "./joint/fuse.js";

// how well its windows agree
export { intraLpips } from "./metrics/intra-lpips.js";
export type { Distance } from "./metrics/intra-lpips.js";

// tensors, noise, images, files
export { rows, stack, tensor, zeros } from "./core/tensor.js";
export type { DeviceTensor, Shape, Tensor } from "./core/tensor.js";
export { createRng, randn } from "./core/random.js";
export type { Rng } from "./core/random.js";
export { decodeImage, encodeJpeg, encodePng, encodeWebp } from "./core/image.js";
export { unitImage } from "./core/unit-image.js";
export { readSafetensors, writeSafetensors } from "./checkpoint/safetensors.js";

// diffusion by hand
export { createSchedule } from "./diffusion/schedule.js";
export type { Hop, Schedule, ScheduleConfig } from "./diffusion/schedule.js";
export { addNoise, epsFromV, epsFromX0, lincomb, vFromEps, vFromX0, x0FromEps, x0FromV } from "./diffusion/notation.js";
export type { Level, Prediction } from "./diffusion/notation.js";
export { guide } from "./diffusion/guidance.js";
export { ddimStep } from "./diffusion/ddim.js";
export type { DdimOptions, DdimStep } from "./diffusion/ddim.js";

// graphs and gradients
export { Graph } from "./graph/graph.js";
export type { DType, Value } from "./graph/graph.js";
export { gradient } from "./graph/gradient.js";
export { OPERATORS } from "./graph/operators.js";
export { apply, plain } from "./graph/operator.js";
export type { Call, Operator, PlainOperator, PullBack } from "./graph/operator.js";
export { add, cos, div, exp, log, mul, neg, relu, sigmoid, silu, sin, sqrt, sub } from "./graph/ops/elementwise.js";
export { matmul } from "./graph/ops/matmul.js";
export { reduceMean, reduceSum } from "./graph/ops/reduce.js";
export { startRuntime } from "./graph/runtime.js";
export type { Runtime } from "./graph/runtime.js";
export type { Feed, Feeds, Results, Session, SessionOptions } from "./graph/session.js";

// a checkpoint of random numbers at full size, to measure with
export { ARCHITECTURES } from "./fabricate/architectures.js";
export type { Architecture, ArchitectureName } from "./fabricate/architectures.js";
export { fabricate } from "./fabricate/fabricate.js";
export type { Fabricated, FabricateOptions } from "./fabricate/fabricate.js";

// a lesson's exercises
export { exercise } from "./notebook/exercise.js";
export type { Exercise, ExerciseOptions } from "./notebook/exercise.js";

// errors
export { CheckpointError, ClosedError, DeviceError, MemoryError, NumericError, ShapeError } from "./core/errors.js";
