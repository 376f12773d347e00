import type { Signature, TensorSpec } from '#contracts';

/**
 * Why callers of `now` could not call `next` as they do, and read its answers; undefined when they can. An input more that takes no null, an input
 * with another type or shape, an input that takes null no longer, and an output or class less break them.
 */
export function incompatibility(now: Signature, next: Signature): string | undefined {
  const inputs = new Map(now.inputs.map((spec) => [spec.name, spec]));
  for (const spec of next.inputs) {
    const old = inputs.get(spec.name);
    if (!old) {
      if (!spec.nullable) return `it needs the input ${spec.name}, which callers do not send`;
      continue;
    }
    if (old.nullable && !spec.nullable) return `its input ${spec.name} takes no missing value any more`;
    const changed = change(old, spec);
    if (changed) return `its input ${spec.name} ${changed}`;
  }
  const outputs = new Map(next.outputs.map((spec) => [spec.name, spec]));
  for (const old of now.outputs) {
    const spec = outputs.get(old.name);
    if (!spec) return `it lacks the output ${old.name}`;
    const changed = change(old, spec);
    if (changed) return `its output ${spec.name} ${changed}`;
  }
  const gone = (now.classes ?? []).find((label) => !next.classes?.includes(label));
  return gone === undefined ? undefined : `it does not know the class ${gone}`;
}

function change(old: TensorSpec, spec: TensorSpec): string | undefined {
  if (old.datatype !== spec.datatype) return `is ${spec.datatype}, was ${old.datatype}`;
  const fits =
    old.shape.length === spec.shape.length && spec.shape.every((size, axis) => size === -1 || size === old.shape[axis]);
  return fits ? undefined : `has the shape [${spec.shape.join(', ')}], was [${old.shape.join(', ')}]`;
}
