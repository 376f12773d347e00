import type { Bootstrap, Comparison } from '#contracts';
import { knownLabelRows, labelIndexes, pairedBootstrap, predict, predictedClasses, type PairedPredictions } from '#engine-tfjs';
import type { Evaluated } from './evaluated.js';
import { reportOn } from './report.js';

/**
 * Judges candidate and champion on the candidate's test rows, which is fair only when neither has learnt from one of them. The split goes by
 * row keys, so trainings with one split seed on growing versions of a data set are comparable.
 */
export function compare(candidate: Evaluated, champion: Evaluated, bootstraps: readonly Bootstrap[]): Comparison {
  const reason = differentTask(candidate, champion) ?? differentFeatures(candidate, champion) ?? seenRows(candidate, champion);
  if (reason) return { comparable: false, reason };
  const rows = rowsThatBothKnow(candidate, champion);
  if (rows.length === 0) return { comparable: false, reason: 'no test row has a class that both models know' };
  const predictions = pairedPredictions(candidate, champion, rows);
  return {
    comparable: true,
    rows: rows.length,
    candidate: reportOn(candidate.loaded, candidate.table, rows),
    champion: reportOn(champion.loaded, candidate.table, rows),
    differences: bootstraps.map((bootstrap) => pairedBootstrap(predictions, bootstrap)),
  };
}

/** What both say of the same rows, in the candidate's numbering of the classes. */
function pairedPredictions(candidate: Evaluated, champion: Evaluated, rows: readonly number[]): PairedPredictions {
  const { classes } = candidate.loaded.preparation.label;
  const numberOf = new Map(classes.map((name, index) => [name, index]));
  const said = ({ loaded: { model, preparation } }: Evaluated) => {
    const names = preparation.label.classes;
    const predicted = predictedClasses(predict(model, preparation, candidate.table, rows), names.length);
    return predicted.map((index) => numberOf.get(names[index]!)!);
  };
  const truth = labelIndexes(candidate.loaded.preparation, candidate.table, rows);
  return { truth, candidate: said(candidate), champion: said(champion), classes: classes.length };
}

function differentTask({ loaded: ours }: Evaluated, { loaded: theirs }: Evaluated): string | undefined {
  const [a, b] = [ours.preparation.label, theirs.preparation.label];
  if (a.column !== b.column) return `the candidate predicts "${a.column}", the champion "${b.column}"`;
  const [mine, other] = [[...a.classes].sort(), [...b.classes].sort()];
  if (mine.length === other.length && mine.every((name, index) => name === other[index])) return undefined;
  return `the candidate knows the classes ${list(mine)}, the champion ${list(other)}`;
}

function differentFeatures(candidate: Evaluated, champion: Evaluated): string | undefined {
  const [ours, theirs] = [typesOf(candidate), typesOf(champion)];
  const inTable = new Map(candidate.table.columns.map(({ name, type }) => [name, type]));
  const missing = [...theirs.keys()].filter((name) => !inTable.has(name));
  if (missing.length > 0) return `the candidate's table lacks features of the champion: ${list(missing)}`;
  const retyped = [...theirs].filter(([name, type]) => inTable.get(name) !== type).map(([name]) => name);
  if (retyped.length > 0) return `features have another type in the champion's table: ${list(retyped)}`;
  const odd = [...new Set([...ours.keys(), ...theirs.keys()])].filter((name) => ours.has(name) !== theirs.has(name));
  if (odd.length === 0) return undefined;
  return `the models use different features (${list(odd)}), so it cannot be told which test rows the champion was trained on`;
}

function typesOf({ split, table }: Evaluated): Map<string, string> {
  const types = new Map(table.columns.map(({ name, type }) => [name, type]));
  return new Map(split.features.map((name) => [name, types.get(name) ?? 'text']));
}

/** The validation part counts too: it decided when the champion's training stopped, and which epoch was kept. */
function seenRows(candidate: Evaluated, champion: Evaluated): string | undefined {
  const { parts, keys } = champion.split;
  const trained = new Set(parts.train.map((row) => keys[row]));
  const validated = new Set(parts.validation.map((row) => keys[row]));
  const test = candidate.split.parts.test.map((row) => candidate.split.keys[row]);
  const inTraining = test.filter((key) => trained.has(key)).length;
  const inValidation = test.filter((key) => validated.has(key)).length;
  if (inTraining + inValidation === 0) return undefined;
  const of = `of the ${test.length} test rows`;
  const reasons = [
    ...(inTraining > 0 ? [`${inTraining} ${of} were trained on by the champion`] : []),
    ...(inValidation > 0 ? [`${inValidation} ${of} tuned the champion's early stopping (its validation part)`] : []),
  ];
  return reasons.join(', and ');
}

function rowsThatBothKnow(candidate: Evaluated, champion: Evaluated): number[] {
  const ours = knownLabelRows(candidate.loaded.preparation, candidate.table, candidate.split.parts.test).rows;
  return knownLabelRows(champion.loaded.preparation, candidate.table, ours).rows;
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 10).map((name) => `"${name.slice(0, 60)}"`);
  return names.length > shown.length ? `${shown.join(', ')} and ${names.length - shown.length} more` : shown.join(', ');
}
