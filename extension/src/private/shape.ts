/** Values out of JSON that somebody else wrote: what is not as it should be throws. */

/** What came is not what it should be: damaged, forged, or of another kind. */
export class DamagedError extends Error {
  override readonly name: string = "DamagedError";
}

export type Fields = Readonly<Record<string, unknown>>;

export function demand(holds: boolean, otherwise: string): asserts holds {
  if (!holds) {
    throw new DamagedError(otherwise);
  }
}

export function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new DamagedError("Not JSON", { cause: error });
  }
}

export function fields(value: unknown): Fields {
  demand(typeof value === "object" && value !== null && !Array.isArray(value), "An object is missing");
  return value as Fields;
}

export function text(value: unknown, most: number): string {
  demand(typeof value === "string" && value.length <= most, "A text is missing or too long");
  return value;
}

export function count(value: unknown, most: number): number {
  const number = Number.isSafeInteger(value) ? Number(value) : -1;
  demand(number >= 0 && number <= most, "A number is missing or too great");
  return number;
}

export function finite(value: unknown): number {
  demand(typeof value === "number" && Number.isFinite(value), "A number is missing");
  return value;
}

export function share(value: unknown): number {
  const number = finite(value);
  demand(number >= 0 && number <= 1, "A share is outside of 0 to 1");
  return number;
}

export function list<T>(value: unknown, most: number, read: (one: unknown) => T): T[] {
  demand(Array.isArray(value) && value.length <= most, "A list is missing or too long");
  return value.map(read);
}
