// The names under `glorot/doctor`.
export { diagnose } from './diagnose.js'
export type { Finding, Fix, Severity } from './finding.js'
export { type LrFindOptions, type LrFindResult, lrFind } from './lrFind.js'
export type { Criterion, DiagnoseOptions, Watcher, WatchOptions } from './options.js'
export type { TextOptions } from './render/text/terminal.js'
export { Report, type ReportMeta, type ReportParts } from './report.js'
export type {
  ActivationStats,
  Control,
  Counterfactual,
  DataFacts,
  Histogram,
  LayerSample,
  LayerTrace,
  LossPoint,
  RatePoint,
  Trace,
  ValidationPoint,
} from './trace.js'
export { watch } from './watch.js'
