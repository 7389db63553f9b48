/** The console: people do trusted computing and key management in a browser. */
import "./nonce.ts";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { keepOpen } from "./shell/second-click.ts";
import "./style.css";
import "./library.css";

keepOpen();
const root = document.getElementById("root");
if (root) createRoot(root).render(<App />);
