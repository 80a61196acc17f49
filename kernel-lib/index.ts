/** @file The package's main entry, `veduta`, in the order of the lessons. The other entries are `veduta/graph` and `veduta/metrics`. */
// biome-ignore-all assist/source/organizeImports: the order is that of the lessons

import "./engine/telemetry.js"; // before a user's own code loads ONNX Runtime

// a model
export { BUNDLED_MODELS, openModel, type OpenModelOptions, type ServedModel } from "./pipelines/open-model.js";
export { convertFrido, type ConvertedFrido, type ConvertFridoOptions } from "./pipelines/convert-frido.js";
export type { Adapters, EmbeddingChoice, EmbeddingUse, LoraChoice, LoraUse } from "./pipelines/adapters/with-adapters.js";
export type { FridoModel, Model, OpenedCheckpoint, UNetSize, UnconditionalModel } from "./pipelines/model.js";
export type { PerceptualFiles } from "./pipelines/perceptual-part.js";
export type { Precision } from "./graph/half.js";
export type { Device, DeviceChoice } from "./engine/device.js";

// painting a panorama
export { alignedStart, diffCollage, guidedFusion, guidedSearch, gvcfDiffusion, independentWindows } from "./methods/joint/joint-methods.js";
export { mergeAttendDiffuse, multiDiffusion, regionDiffusion, safaDiffusion, spotDiffusion } from "./methods/joint/joint-methods.js";
export { syncDiffusion, twinDiffusion } from "./methods/joint/joint-methods.js";
export { allMethods, findMethod, registerMethod } from "./methods/methods.js";
export type { EditMethod, MethodsOf, PanoramaMethod, PyramidMethod } from "./methods/methods.js";
export { canny, horizon, horizonOf, qrCode, readMask, segments, silhouette, silhouetteOf } from "./conditions/public-conditions.js";
export type { CannyOptions, ControlMode, ControlOptions, HorizonOptions } from "./conditions/public-conditions.js";
export type { NoiseControl, QrCodeOptions, Region, ResolvedControl, Segment } from "./conditions/public-conditions.js";
export { residualSizes, type Moment, type ResidualSizes, type ResidualSizesOptions } from "./methods/joint/residual-sizes.js";
export type { Backgrounds } from "./methods/joint/bootstrapping.js";
// writing a new method
export { jointMethod, type JointMethod, type JointMethodSpec } from "./methods/joint/joint-method.js";
export type { Asking, Descent, NamedPrompts, OwnNumbers, Running } from "./methods/joint/joint-run.js";
export type { Predicted, SamplerSteps } from "./methods/joint/sampler-steps.js";
export { over, type Carried, type Denoised } from "./methods/joint/carried.js";
export type { ComparedWith, DecodedWith, NetworkCalls, PerceptualGradient } from "./methods/joint/network-calls.js";
export type { Overlap } from "./methods/joint/window-grid.js";
export type { SyncWeight } from "./methods/joint/syncdiffusion.js";
export type { Anchor } from "./methods/joint/anchor.js";
export type { Wrap } from "./methods/joint/wrap.js";
export type { Edge } from "./core/edge.js";
export type { AnyRun, AnyStep } from "./methods/any-run.js";
export type { Batch, Family, Method, MethodInfo, MethodStep, ResumeState, Run, Series } from "./methods/method.js";
export { choiceOption, givenOption, realOption, sizeOption, textOption, toggleOption, wholeOption } from "./methods/option-table.js";
export type { DefaultedOf, DefaultedSpec, Flag, NumberBounds, OptionSpec, OptionTable, OptionWords } from "./methods/option-table.js";
export type { ValuesOf } from "./methods/option-table.js";
export type { JointBatch, JointOptions, Loop, ResolvedOptions } from "./methods/joint/options.js";
export type { ResolvedSyncOptions, SyncOptions } from "./methods/joint/syncdiffusion.js";
export type { ControlRecord, JointResult, JointRun, JointSteps, StepRecord, WindowRecord } from "./methods/joint/step-record.js";
export type { CallKind, JointModel, JointModelConfig, MemoryNeed, OfferedCalls } from "./diffusion/joint-model.js";
export type { Autoencoder, BatchOption, Classifier, ComparableFeatures, ControlledNoiseOptions } from "./diffusion/capabilities.js";
export type { ControlMaps, DecodeOptions, Denoiser, DualEncoder, EncodeOptions, EnergyGradient } from "./diffusion/capabilities.js";
export type { ComparisonOptions, Features, JacobianProducts, MergedDenoiser, MergedNoiseOptions } from "./diffusion/capabilities.js";
export type { MergedWindows, NoiseOptions, Perceptual, PerceptualOptions, RowDenoiser, RowNoiseOptions } from "./diffusion/capabilities.js";
export type { ResidualMeter, StyleNetwork, TextEncoder, TextEnergies, TimestepOptions } from "./diffusion/capabilities.js";
export type { UnconditionalDenoiser } from "./diffusion/capabilities.js";
// energies of pictures, for guidance
export { classEnergy, textEnergy, zeroShotClassifier, type Energy } from "./methods/edit/energies.js";

// editing a picture
export { cycleDiffusion, type CycleOptions } from "./methods/edit/cyclediffusion.js";
export type { WordWeights } from "./methods/edit/attention-control.js";
export { sdedit } from "./methods/edit/sdedit.js";
export { ddib } from "./methods/edit/ddib.js";
export { img2img } from "./methods/edit/img2img.js";
export { openCode, saveCode, type CodeOwner, type LatentCode } from "./methods/edit/latent-code.js";
export { editMethod } from "./methods/edit/edit-method.js";
export type { EditMethodSpec, PromptEditing, PromptEditMethod } from "./methods/edit/edit-method.js";
export type { EditModel, PictureModel } from "./methods/edit/edit-model.js";
export type { EditPath } from "./methods/edit/edit-path.js";
export type { Editing, StepParts } from "./methods/edit/edit-run.js";
export type { EditResult, EditRun, EditStep, EditSteps, PictureNumbers } from "./methods/edit/edit-step.js";
export type { EditOptions, ResolvedEditOptions } from "./methods/edit/options.js";
export type { Ask, Predict } from "./methods/edit/text-predictor.js";
// its halves, many edits at once, another model, and steering by an energy
export { dpmEncode, type DpmEncodeOptions, type EncodeResult } from "./methods/edit/dpm-encode.js";
export { dpmDecode, type DpmDecodeOptions } from "./methods/edit/dpm-decode.js";
export { editGrid } from "./methods/edit/edit-grid.js";
export type { Candidate, CandidateScore, EditGridOptions } from "./methods/edit/edit-grid.js";
export { translate, type TranslateOptions, type UnpairedModel } from "./methods/edit/translate.js";
export { langevin } from "./methods/edit/langevin.js";
export type { LangevinOptions, LangevinResult, LangevinStep, WeightedEnergy } from "./methods/edit/langevin.js";
export { codeSampler } from "./methods/edit/code-sampler.js";
export type { CodeSampler, CodeSamplerModel, CodeSamplerOptions, SampledCode } from "./methods/edit/code-sampler.js";

// a picture from coarse to fine
export { openPyramidModel } from "./methods/pyramid/open-pyramid-model.js";
export type { GuidedStageOptions, SceneModel } from "./methods/pyramid/open-pyramid-model.js";
export { pyramidDiffusion } from "./methods/pyramid/pyramid-diffusion.js";
export type { FromStage, Kept, PyramidOptions, ResolvedPyramidOptions } from "./methods/pyramid/options.js";
export type { PyramidResult, PyramidRun, PyramidStep, PyramidSteps } from "./methods/pyramid/pyramid-step.js";
export type { ConditionTokens, PyramidDecoding, PyramidEncoding, PyramidModel, PyramidModelConfig } from "./diffusion/pyramid-model.js";
export type { ScaleCodes, StageGates, StageNoiseOptions } from "./diffusion/pyramid-model.js";
export type { Box, ObjectFlag, SceneCondition, SceneGraph, SceneKind, SceneObject } from "./conditions/scene.js";
export { stageLoss, stageSample, type StageSampleOptions } from "./methods/pyramid/stage-sample.js";

// watching it, and looking at it
export { track } from "./display/track.js";
export type { Tracked, TrackedEdit, TrackedPyramid, TrackOptions } from "./display/track.js";
export { type ProgressBarOptions, progress } from "./display/progress-bar.js";
export { trackedSteps } from "./display/tracked-runs.js";
export { controlView, type ControlViewOptions } from "./display/control-view.js";
export { panoramaView } from "./display/panorama-view.js";
export type { PanoramaView, PanoramaViewOptions, ViewedStep } from "./display/panorama-view.js";
export type { OtherPicture, PanoramaSpec, StepPicture, WindowsSpec } from "./pages/panorama-figure.js";
export { stripCoverage, type Coverage, type StripSize } from "./panorama/coverage.js";
export { imageCoverage, type ImageFacts } from "./panorama/image-coverage.js";
export { type ImageOptions, image } from "./display/image.js";
export { table, type TableCell, type TableOptions } from "./display/table.js";
export { beforeAfter, editStrip } from "./display/edit-strip.js";
export type { BeforeAfterOptions, EditStripOptions } from "./display/edit-strip.js";
export { pyramidStrip, type PyramidStripOptions } from "./display/pyramid-strip.js";
export { layoutView, sceneGraphView } from "./display/scene-views.js";
export type { LayoutViewOptions, SceneGraphViewOptions } from "./display/scene-views.js";

// plotting its numbers
export { gradientPlot, lossPlot, seriesPlot, type WindowLinesOptions } from "./display/plots/window-lines.js";
export { windowStrip, type StripStep, type WindowStripOptions } from "./display/plots/window-strip.js";
export { latentView } from "./display/plots/latent-view.js";
export type { LatentStep, LatentViewOptions } from "./display/plots/latent-view.js";
export { schedulePlot } from "./display/plots/schedule-plot.js";
export type { PlottedSchedule, SchedulePlotOptions } from "./display/plots/schedule-plot.js";
export { editPlot, energyPlot } from "./display/plots/edit-plot.js";
export type { EditPlotOptions, PlottedEditStep } from "./display/plots/edit-plot.js";
export { gridPlot, type GridPlotOptions } from "./display/plots/grid-plot.js";
export { codesView, type CodesViewOptions } from "./display/plots/codes-view.js";
export { gateView, type GateViewOptions } from "./display/plots/gate-view.js";
export { residualPlot, type ResidualPlotOptions } from "./display/plots/residual-plot.js";
export { figure, type FigureOptions } from "./display/plots/figure.js";
export type { PlottedStep } from "./display/plots/plotted-steps.js";
export type { PlotFigure } from "./display/plots/plot.js";
export type { PlotLayout, PlotState, PlotTrace } from "./pages/plot-spec.js";
export type { SharedState } from "./display/shared-state.js";
export type { Projection } from "./panorama/projections.js";
export type { Comparison, ViewState } from "./panorama/view-state.js";

// showing anything else, anywhere
export { currentSink, displayable, setSink } from "./display/display.js";
export type { Displayable, DisplayableOptions, LibraryName, MimeBundle, ShowOptions, Sink } from "./display/display.js";
export type { Out } from "./display/progress.js";
export { filesSink } from "./display/display-files.js";
export type { FilesOptions } from "./display/display-files.js";
export { memorySink } from "./display/display-sinks.js";
export type { Shown } from "./display/display-sinks.js";
export { runIdOf } from "./display/run-id.js";

// controls, and widgets of one's own
export { button, select, slider } from "./display/controls.js";
export type { Control, SelectOptions, SliderOptions } from "./display/controls.js";
export { interact } from "./display/interact.js";
export type { InteractContext, Interaction, ValuesOfControls } from "./display/interact.js";
export { layoutEditor } from "./display/layout-editor.js";
export type { LayoutEditorOptions } from "./display/layout-editor.js";
export { widget } from "./display/widget.js";
export type { Widget, WidgetOptions, WidgetState } from "./display/widget.js";

// methods compared
export { compareMethods, summarise } from "./runs/compare-methods.js";
export type { ComparedPanorama, CompareOptions, MethodSummary } from "./runs/compare-methods.js";
export type { MeanInterval } from "./metrics/interval.js";
export { countPasses } from "./methods/joint/count-passes.js";
export type { Passes } from "./methods/joint/count-passes.js";
export { comparePage } from "./pages/compare-page.js";
export type { Comparison as MethodComparison } from "./pages/compare-page.js";

// folders of pictures measured, and the networks that metrics look through
export { measure } from "./display/measure.js";
export type { Measured, MeasuredColumn, MeasuredDifference, MeasuredFolder } from "./runs/measure/measure-folders.js";
export type { MeasureByNameOptions } from "./runs/measure/measure-by-name.js";
export { METRIC_NETWORKS, openMetricNetwork } from "./pipelines/metric-networks.js";
export type { MetricAbilities, MetricNetwork, MetricNetworkName, MetricNetworkOptions } from "./pipelines/metric-networks.js";

// many runs from one plan
export { openSweep, sweep } from "./sweeps/public-sweeps.js";
export type { EngineEvent, FailedRun, FailedSweepRun, OpenedSweep, OpenSweepOptions, PaintOutcome } from "./sweeps/public-sweeps.js";
export type { PlannedRun, PrepareOptions, SavedSweepRun, Shard, Sweep, SweepCommand, SweepCounts } from "./sweeps/public-sweeps.js";
export type { SweepEvent, SweepKeep, SweepMeasure, SweepOptions, SweepPlan, SweepRange, SweepResult } from "./sweeps/public-sweeps.js";
export type { SweepRun, SweptOptions, WorkerModel, WorkerPlace } from "./sweeps/public-sweeps.js";

// a run on disk
export { openRun } from "./runs/run-folder.js";
export type { SavedRun } from "./runs/run-folder.js";
export { reportRun, saveRun } from "./pages/save-run.js";
export type { ReportKind, SaveRunOptions } from "./pages/save-run.js";
export { runHead } from "./runs/run-head.js";
export type { RunHead } from "./runs/run-head.js";
export type { EditSource, RunResult, RunWriterOptions } from "./runs/run-writer.js";
export type { AnyRunStep, EditRunStep, PyramidRunStep, RunStep } from "./runs/step-numbers.js";
export { replay, resume } from "./pages/resume-run.js";
export type { ReplayModel, ReplayOptions, ResumeOptions } from "./pages/resume-run.js";
export { savedOptions } from "./runs/run-options.js";
export type { ForeseenPicture, Picture, ReportRun, RunEmbedding, RunLora, StepNumbers, WindowNumbers } from "./runs/run-data.js";
export type { RunInfo, RunModel, SourceInfo } from "./runs/run-data.js";

// its windows
export { planWindows, windowCoverage } from "./methods/joint/windows.js";
export type { Extent, Window } from "./methods/joint/windows.js";
export type { Grid } from "./methods/joint/tiling.js";
export { crop, cropAll, fuse, fuseWeighted, rollColumns } from "./methods/joint/fuse.js";

// how well its windows agree, and how fine they are
export { intraLpips } from "./metrics/intra-lpips.js";
export { type PowerSpectrum, type PowerSpectrumOptions, powerSpectrum } from "./metrics/power-spectrum.js";
export type { Distance } from "./metrics/intra-lpips.js";

// tensors, noise, images, files
export { rows, stack, tensor, zeros } from "./core/tensor.js";
export type { DeviceTensor, Shape, Tensor } from "./core/tensor.js";
export { createRng, randn } from "./core/random.js";
export type { Rng } from "./core/random.js";
export { decodeImage, encodeJpeg, encodePng, encodeWebp } from "./core/image.js";
export type { LossyOptions, PngOptions } from "./core/image.js";
export { unitImage } from "./core/unit-image.js";
export { readSafetensors, writeSafetensors } from "./weights/safetensors.js";
export type { WriteSafetensorsOptions } from "./weights/safetensors.js";

// diffusion by hand
export { createSchedule } from "./diffusion/schedule.js";
export type { Hop, PathOptions, Schedule, ScheduleConfig } from "./diffusion/schedule.js";
export { addNoise, epsFromV, epsFromX0, lincomb, vFromEps, vFromX0, x0FromEps, x0FromV } from "./diffusion/notation.js";
export type { Level, Prediction } from "./diffusion/notation.js";
export { guide } from "./diffusion/guidance.js";
export { ddimNoise, ddimSpread, ddimStep, posteriorStep } from "./diffusion/ddim.js";
export type { DdimNoiseOptions, DdimOptions, DdimStep } from "./diffusion/ddim.js";
export { SAMPLER_NAMES, SAMPLERS, samplerOf } from "./diffusion/samplers/samplers.js";
export type { DdimSamplerOptions, DdpmSamplerOptions, DpmppSamplerOptions } from "./diffusion/samplers/samplers.js";
export type { EulerSamplerOptions, LcmSamplerOptions, OptionsOfSamplers, SamplerChoice } from "./diffusion/samplers/samplers.js";
export type { SamplerName } from "./diffusion/samplers/samplers.js";
export type { Sampler, SamplerHop, SamplerPath, SamplerState, SamplerStep, SamplerStepOptions } from "./diffusion/samplers/sampler.js";
export type { TimestepSpacing } from "./diffusion/timestep-spacing.js";
export { plmsAhead, plmsStart, plmsStep } from "./diffusion/plms.js";
export type { PlmsAhead, PlmsState, PlmsStep } from "./diffusion/plms.js";

// a full-size checkpoint with random weights, for measurements
export { ARCHITECTURES } from "./pipelines/random-weights/architectures.js";
export type { Architecture, ArchitectureName } from "./pipelines/random-weights/architectures.js";
export type { JsonObject } from "./core/json.js";
export { writeRandomWeights, writeRandomWeights as fabricate } from "./pipelines/random-weights/write-random-weights.js"; // "fabricate": its name in earlier versions
export type { RandomWeights, RandomWeightsOptions } from "./pipelines/random-weights/write-random-weights.js";
export type { CheckpointLayout } from "./pipelines/random-weights/layouts.js";

// a lesson's exercises, and one's own
export { type AnswerOf, check, type ExerciseName, type GivenOf, type HandedOver } from "./display/exercises/check.js";
export type { Exercise, Mistake } from "./display/exercises/exercise.js";
export { type AnswerKind, aFunction, aNumber, aTensor, type Misfit, numbers, TODO } from "./display/exercises/answer-kinds.js";

// errors
export { CheckpointError, ClosedError, DeviceError, MemoryError, NumericError, ServerError, ShapeError } from "./core/errors.js";
