/** What the form of a new task holds. */

export interface SourceGiven {
  readonly provider?: string;
  readonly id: string;
  readonly table: string;
  readonly columns?: readonly string[];
  readonly grant?: string;
}

export interface NewTaskForm {
  readonly name: string;
  readonly description?: string;
  /** Stream id. */
  readonly alliance: string;
  readonly receiver: string;
  readonly type: "ordinary" | "scheduled";
  readonly every?: number;
  readonly unit?: keyof typeof UNITS;
  readonly runs?: number;
  /** Local time, as the browser's field has it. */
  readonly first?: string;
  readonly provider: string;
  readonly model: string;
  readonly sources: readonly SourceGiven[];
  readonly parameters?: Readonly<Record<string, string | number | boolean | null | undefined>>;
  readonly rows: number;
  readonly seconds: number;
  readonly memory: number;
  readonly start: "automatic" | "manual";
}

/** Seconds. */
export const UNITS = { minute: 60, hour: 3_600, day: 86_400, week: 604_800 } as const;
export const SOURCES_MAX = 5;
