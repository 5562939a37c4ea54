import workerpool from "workerpool";
import double from "./handler.mjs";

workerpool.worker({ double });
