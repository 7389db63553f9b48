/** A place to drop one file on, or to choose it with keyboard or mouse. It is read on this machine. */
import { type ReactNode, useRef, useState } from "react";
import { useWords } from "../preferences.tsx";
import "../pages/task.css";

interface DropProps {
  /** As of a file input: ".pem". */
  readonly accept: string;
  readonly onFile: (file: File) => void;
  /** Name of the file that is there. */
  readonly chosen?: string | undefined;
  readonly children: ReactNode;
}

export const Drop = ({ accept, onFile, chosen, children }: DropProps) => {
  const t = useWords();
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  return (
    <>
      <button
        type="button"
        className="drop"
        data-over={over ? "yes" : "no"}
        onClick={() => input.current?.click()}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          const file = event.dataTransfer.files[0];
          if (file) onFile(file);
        }}
      >
        <div>{children}</div>
        <div className="muted">{chosen ?? t("Drop it here, or click to choose", "拖到此处，或点击选择")}</div>
      </button>
      <input
        ref={input}
        type="file"
        accept={accept}
        style={{ display: "none" }}
        tabIndex={-1}
        onChange={({ target }) => {
          const file = target.files?.[0];
          if (file) onFile(file);
          target.value = "";
        }}
      />
    </>
  );
};
