/**
 * Nothing typed is lost: a form's values are kept in this browser until what they are for is acknowledged. They are of
 * whoever typed them: another person who signs in here finds none.
 */
import { Form, type FormInstance } from "antd";
import { useCallback, useEffect, useRef } from "react";
import { useSession } from "../session.tsx";
import { read, write } from "../storage.ts";

/** Under which a person's draft is kept: another person in this browser finds nothing of it, an address to pay to least of all. */
export const useDraftName = (name: string): string => `draft.${useSession().user.id}.${name}`;

/**
 * @param name of the draft; one a form
 * @param kept fields that may be kept: never a password
 */
export const useDraft = <T extends object>(
  name: string,
  form: FormInstance<T>,
  kept: readonly (keyof T & string)[],
) => {
  const at = useDraftName(name);
  const values = Form.useWatch([], form) as Partial<T> | undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the form opens
  useEffect(() => form.setFieldsValue(read(at, {}) as never), []);
  const typedLast = useRef<unknown>(undefined);
  const settled = useRef<unknown>(undefined);
  useEffect(() => {
    // What was acknowledged is drawn a few times more before the page goes: it is no draft again.
    if (values === undefined || values === settled.current) return;
    typedLast.current = values;
    const typed = Object.fromEntries(
      kept.flatMap((field) => (values[field] === undefined ? [] : [[field, values[field]]])),
    );
    if (Object.keys(typed).length > 0) write(at, typed);
  }, [at, kept, values]);
  /** It was acknowledged, or given up. */
  return useCallback(() => {
    settled.current = typedLast.current;
    write(at, undefined);
  }, [at]);
};
