/** Where two come together that wait for one another: whoever comes first waits, for a while. */

export interface Meetings<T> {
  /** @param within milliseconds that it waits @returns when `take` has taken it */
  bring(name: string, value: T, within: number): Promise<void>;
  /** Nothing will be brought, or taken: whoever waits, or comes as long as one would have waited, gets the reason. */
  fail(name: string, reason: unknown): void;
  /** Takes what is brought, once. @param mayTake throws where this one may not: then it waits on for another */
  take(name: string, mayTake: (value: T) => void): Promise<T>;
  /** What was brought and not taken yet. */
  waiting(name: string): T | undefined;
}

interface Meeting<T> {
  /** The newest that was said. */
  offer?: { readonly value: T } | { readonly reason: unknown };
  readonly offered: PromiseWithResolvers<void>;
  readonly taken: PromiseWithResolvers<void>;
  limit: NodeJS.Timeout | undefined;
}

/** @param within milliseconds that takers wait; @param late makes what is thrown to whoever waited for nothing */
export const createMeetings = <T>(within: number, late: () => Error): Meetings<T> => {
  const meetings = new Map<string, Meeting<T>>();
  const leave = (name: string, meeting: Meeting<T>) => {
    clearTimeout(meeting.limit);
    if (meetings.get(name) === meeting) meetings.delete(name);
  };
  const expire = (name: string, meeting: Meeting<T>, after: number) =>
    setTimeout(() => {
      leave(name, meeting);
      meeting.offer ??= { reason: late() };
      meeting.offered.resolve();
      meeting.taken.reject(late());
    }, after);
  const meet = (name: string): Meeting<T> => {
    const known = meetings.get(name);
    if (known) return known;
    const fresh: Meeting<T> = { offered: Promise.withResolvers(), taken: Promise.withResolvers(), limit: undefined };
    // Nobody may be waiting on that side.
    fresh.taken.promise.catch(() => undefined);
    fresh.limit = expire(name, fresh, within);
    meetings.set(name, fresh);
    return fresh;
  };
  return {
    bring(name, value, within) {
      const before = meetings.get(name);
      if (before?.offer && "reason" in before.offer) leave(name, before);
      const meeting = meet(name);
      clearTimeout(meeting.limit);
      meeting.limit = expire(name, meeting, within);
      meeting.offer = { value };
      meeting.offered.resolve();
      return meeting.taken.promise;
    },
    fail(name, reason) {
      const meeting = meet(name);
      meeting.offer = { reason };
      meeting.offered.resolve();
      meeting.taken.reject(reason);
    },
    async take(name, mayTake) {
      const meeting = meet(name);
      await meeting.offered.promise;
      const { offer } = meeting;
      if (offer && "reason" in offer) throw offer.reason;
      // Two may have waited: the first of them takes it.
      if (!offer || meetings.get(name) !== meeting) throw late();
      mayTake(offer.value);
      leave(name, meeting);
      meeting.taken.resolve();
      return offer.value;
    },
    waiting(name) {
      const offer = meetings.get(name)?.offer;
      return offer && "value" in offer ? offer.value : undefined;
    },
  };
};
