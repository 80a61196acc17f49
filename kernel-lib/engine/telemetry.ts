/**
 * @file Turns ONNX Runtime's telemetry off, unless the user's environment says otherwise. Import it before onnxruntime-node. The library reads the
 * process's environment when it loads, and a worker thread's `process.env` is a copy that native code does not see: so the thread that starts
 * workers imports this module too. A program that loads Veduta inside a worker thread of its own sets the variable itself.
 */
process.env.ORT_DISABLE_TELEMETRY ??= "1";
