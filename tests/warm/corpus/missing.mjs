//: name = "bad.mjs"
import { absent } from "fs";
