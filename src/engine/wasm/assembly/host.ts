// From the host: AssemblyScript's own log keeps a table in static memory, which here would be the heap of TF.js.

// @ts-ignore: decorator
@external("env", "log") export declare function log(x: f64): f64;
