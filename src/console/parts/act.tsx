/** One decision, signed: the button says what it does, who signs, and shows what the ledger answered. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, type ButtonProps } from "antd";
import { useEffect, useRef } from "react";
import { Refusal } from "../../base/refusal.ts";
import { type Acting, useActing } from "../identity/identity.tsx";
import { usePreferences, useWords } from "../preferences.tsx";
import { explainOf } from "../views.ts";
import { useOnce } from "./once.ts";

/** What was shown is not there, not as it was, or not any more. */
const MOVED_ON = [404, 409, 410];

/**
 * Does an act with the member's key, once at a time; then everything is read again.
 * @param work given who acts
 */
export const useAct = <T, In = void>(work: (acting: Acting, input: In) => Promise<T>, done?: (result: T) => void) => {
  const t = useWords();
  const acting = useActing();
  const queries = useQueryClient();
  const { message } = App.useApp();
  const { language } = usePreferences();
  const gone = useRef(false);
  useEffect(() => {
    gone.current = false;
    return () => {
      gone.current = true;
    };
  }, []);
  // As the page is when the work ends, not as it was when it was asked for.
  const then = useRef(done);
  useEffect(() => {
    then.current = done;
  });
  const say = async (error: unknown) => {
    if (!(error instanceof Refusal && MOVED_ON.includes(error.status))) return;
    // It may have been decided meanwhile. What is shown then may have no room for the reason any more.
    await queries.invalidateQueries();
    // What was read is drawn in the next turn.
    await new Promise((drawn) => setTimeout(drawn));
    if (!gone.current) return;
    const why = explainOf(error, language);
    const said = t("Not done: the page now shows how it stands. {why}", "操作未生效，页面现已显示最新状态。{why}", {
      why,
    });
    void message.error(said, 10);
  };
  // Whatever follows is a part of it: it follows once, too.
  const once = useOnce(async (input: In) => {
    try {
      const result = await work(acting, input);
      await queries.invalidateQueries();
      then.current?.(result);
      return result;
    } catch (error) {
      await say(error);
      throw error;
    }
  });
  return useMutation<T, Error, In>({ mutationFn: once });
};

/** A toast, for what is done and needs no look. */
export const useNotice = () => {
  const { message } = App.useApp();
  return (text: string) => void message.success(text);
};

/** @returns what stands in the way of signing, in words; undefined where nothing does */
export const useObstacle = (): string | undefined => {
  const t = useWords();
  const { state } = useActing();
  if (state === "unfounded") return t("Create your chain identity first", "请先创建链身份");
  if (state === "absent") return t("Open your key first", "请先打开您的密钥");
  return state === "waiting" ? t("One moment…", "请稍候…") : undefined;
};

/** A button that signs; dead with a reason where there is no key. */
export const SignButton = ({ children, disabled, ...rest }: ButtonProps) => {
  const obstacle = useObstacle();
  return (
    <Button type="primary" {...rest} disabled={disabled || obstacle !== undefined} title={obstacle}>
      {children}
    </Button>
  );
};

/** At the foot of a dialog: it is left, or signed. */
export const SignOrCancel = ({ cancel, ...rest }: ButtonProps & { readonly cancel: () => void }) => {
  const t = useWords();
  return (
    <>
      <Button onClick={cancel}>{t("Cancel", "取消")}</Button>
      <SignButton {...rest} />
    </>
  );
};
