//: name = "bom.js"
﻿console.log("ä", "ä".length);
null.x;
