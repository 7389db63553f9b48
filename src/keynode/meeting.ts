/** Where two come together that wait for one another: whoever comes first waits, for a while. */

export interface Meetings<T> {
  /** @returns when `take` has taken it */
  bring(name: string, value: T): Promise<void>;
  /** Nothing will be brought: whoever waits gets the reason. */
  fail(name: string, reason: unknown): void;
  /** Takes what is brought, once. */
  take(name: string): Promise<T>;
}

interface Meeting<T> {
  /** The newest that was brought. */
  value?: T;
  readonly brought: PromiseWithResolvers<void>;
  readonly taken: PromiseWithResolvers<void>;
  readonly limit: NodeJS.Timeout;
}

/** @param within milliseconds; @param late makes what is thrown to whoever waited for nothing */
export const createMeetings = <T>(within: number, late: () => Error): Meetings<T> => {
  const meetings = new Map<string, Meeting<T>>();
  const end = (name: string, reason: unknown) => {
    const meeting = meetings.get(name);
    if (!meeting) return;
    meetings.delete(name);
    clearTimeout(meeting.limit);
    meeting.brought.reject(reason);
    meeting.taken.reject(reason);
  };
  const meet = (name: string): Meeting<T> => {
    const known = meetings.get(name);
    if (known) return known;
    const limit = setTimeout(() => end(name, late()), within);
    const fresh: Meeting<T> = { brought: Promise.withResolvers(), taken: Promise.withResolvers(), limit };
    // Nobody may be waiting on one side.
    fresh.brought.promise.catch(() => undefined);
    fresh.taken.promise.catch(() => undefined);
    meetings.set(name, fresh);
    return fresh;
  };
  return {
    bring(name, value) {
      const meeting = meet(name);
      meeting.value = value;
      meeting.brought.resolve();
      return meeting.taken.promise;
    },
    fail: end,
    async take(name) {
      const meeting = meet(name);
      await meeting.brought.promise;
      // Two may have waited: the first of them takes it.
      if (meetings.get(name) !== meeting) throw late();
      meetings.delete(name);
      clearTimeout(meeting.limit);
      meeting.taken.resolve();
      return meeting.value as T;
    },
  };
};
