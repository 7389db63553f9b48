/** Nothing typed is lost: a form's values are kept in this browser until what they are for is acknowledged. */
import { Form, type FormInstance } from "antd";
import { useCallback, useEffect } from "react";
import { read, write } from "../storage.ts";

/**
 * @param name of the draft; one a form
 * @param kept fields that may be kept: never a password
 */
export const useDraft = <T extends object>(
  name: string,
  form: FormInstance<T>,
  kept: readonly (keyof T & string)[],
) => {
  const values = Form.useWatch([], form) as Partial<T> | undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the form opens
  useEffect(() => form.setFieldsValue(read(`draft.${name}`, {}) as never), []);
  useEffect(() => {
    if (values === undefined) return;
    const typed = Object.fromEntries(
      kept.flatMap((field) => (values[field] === undefined ? [] : [[field, values[field]]])),
    );
    if (Object.keys(typed).length > 0) write(`draft.${name}`, typed);
  }, [name, kept, values]);
  /** It was acknowledged, or given up. */
  return useCallback(() => write(`draft.${name}`, undefined), [name]);
};
