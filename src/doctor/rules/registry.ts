// All rules in the order of triage: what breaks everything first, what merely follows last.
import { badTargets } from './data/badTargets.js'
import { batchSizeExtreme } from './data/batchSizeExtreme.js'
import { classImbalance } from './data/classImbalance.js'
import { constantFeature } from './data/constantFeature.js'
import { featuresTooSmall } from './data/featuresTooSmall.js'
import { nonfiniteData } from './data/nonfiniteData.js'
import { noSignal } from './data/noSignal.js'
import { shapeBroadcast } from './data/shapeBroadcast.js'
import { trainValOverlap } from './data/trainValOverlap.js'
import { unscaledFeatures } from './data/unscaledFeatures.js'
import { unscaledTargets } from './data/unscaledTargets.js'
import { unshuffledData } from './data/unshuffledData.js'
import { cannotOverfitBatch } from './flow/cannotOverfitBatch.js'
import { constantPrediction } from './flow/constantPrediction.js'
import { deadRelu } from './flow/deadRelu.js'
import { explodingGradient } from './flow/explodingGradient.js'
import { initialLossOff } from './flow/initialLossOff.js'
import { initTooLarge } from './flow/initTooLarge.js'
import { initTooSmall } from './flow/initTooSmall.js'
import { inputIgnored } from './flow/inputIgnored.js'
import { saturatedActivations } from './flow/saturatedActivations.js'
import { symmetricInit } from './flow/symmetricInit.js'
import { vanishingGradient } from './flow/vanishingGradient.js'
import type { Rule } from './rule.js'
import { batchMixing } from './structure/batchMixing.js'
import { clippedOutput } from './structure/clippedOutput.js'
import { deepSaturatingStack } from './structure/deepSaturatingStack.js'
import { evalModeTraining } from './structure/evalModeTraining.js'
import { gradNotZeroed } from './structure/gradNotZeroed.js'
import { highDropout } from './structure/highDropout.js'
import { logitsIntoProbLoss } from './structure/logitsIntoProbLoss.js'
import { lossSumReduction } from './structure/lossSumReduction.js'
import { lrInvalid } from './structure/lrInvalid.js'
import { missingNonlinearity } from './structure/missingNonlinearity.js'
import { momentumExtreme } from './structure/momentumExtreme.js'
import { mseClassification } from './structure/mseClassification.js'
import { nothingTrainable } from './structure/nothingTrainable.js'
import { optimizerConfig } from './structure/optimizerConfig.js'
import { outputRange } from './structure/outputRange.js'
import { paramsNotInOptimizer } from './structure/paramsNotInOptimizer.js'
import { paramsNotUpdated } from './structure/paramsNotUpdated.js'
import { sigmoidBeforeLogitsLoss } from './structure/sigmoidBeforeLogitsLoss.js'
import { singleOutputSoftmax } from './structure/singleOutputSoftmax.js'
import { clipTooTight } from './training/clipTooTight.js'
import { lossDiverging } from './training/lossDiverging.js'
import { lossOscillating } from './training/lossOscillating.js'
import { lrDecayedTooEarly } from './training/lrDecayedTooEarly.js'
import { lrTooHigh } from './training/lrTooHigh.js'
import { lrTooLow } from './training/lrTooLow.js'
import { nonfiniteTraining } from './training/nonfiniteTraining.js'
import { overfitting } from './training/overfitting.js'
import { overRegularised } from './training/overRegularised.js'
import { stuckAtBaseline } from './training/stuckAtBaseline.js'
import { trainEvalGap } from './training/trainEvalGap.js'
import { underfitEpochs } from './training/underfitEpochs.js'

export const rules: readonly Rule[] = [
  nonfiniteData,
  shapeBroadcast,
  badTargets,
  singleOutputSoftmax,
  sigmoidBeforeLogitsLoss,
  logitsIntoProbLoss,
  outputRange,
  clippedOutput,
  mseClassification,
  lrInvalid,
  nothingTrainable,
  paramsNotInOptimizer,
  gradNotZeroed,
  paramsNotUpdated,
  evalModeTraining,
  unshuffledData,
  symmetricInit,
  unscaledFeatures,
  featuresTooSmall,
  unscaledTargets,
  initTooLarge,
  initTooSmall,
  deadRelu,
  missingNonlinearity,
  highDropout,
  momentumExtreme,
  clipTooTight,
  lrDecayedTooEarly,
  lrTooHigh,
  overRegularised,
  lrTooLow,
  vanishingGradient,
  noSignal,
  classImbalance,
  overfitting,
  nonfiniteTraining,
  inputIgnored,
  saturatedActivations,
  initialLossOff,
  explodingGradient,
  lossDiverging,
  lossOscillating,
  constantPrediction,
  deepSaturatingStack,
  underfitEpochs,
  cannotOverfitBatch,
  stuckAtBaseline,
  lossSumReduction,
  optimizerConfig,
  batchMixing,
  batchSizeExtreme,
  constantFeature,
  trainValOverlap,
  trainEvalGap,
]
