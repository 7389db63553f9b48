/** One decision, signed: the button says what it does, who signs, and shows what the ledger answered. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, type ButtonProps } from "antd";
import { type Acting, useActing } from "../identity/identity.tsx";
import { useWords } from "../preferences.tsx";

/**
 * Does an act with the member's key, once at a time; then everything is read again.
 * @param work given who acts
 */
export const useAct = <T, In = void>(work: (acting: Acting, input: In) => Promise<T>, done?: (result: T) => void) => {
  const acting = useActing();
  const queries = useQueryClient();
  return useMutation<T, Error, In>({
    mutationFn: (input) => work(acting, input),
    async onSuccess(result) {
      await queries.invalidateQueries();
      done?.(result);
    },
  });
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
  if (state === "unfounded") return t("Found your chain identity first", "请先创建链身份");
  if (state === "absent") return t("Open your key first", "请先打开您的密钥");
  return state === "waiting" ? t("One moment", "请稍候") : undefined;
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
