#!/usr/bin/env node
"use strict";
console.log(this, (function () { return this; })(), new Error().stack);
undeclared = 1;
