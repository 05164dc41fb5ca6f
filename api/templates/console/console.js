// Starts the console: one module a tab, each filling its own panel.

import * as catalog from "./catalog.js";
import * as items from "./items.js";
import * as operations from "./operations.js";
import * as tabs from "./tabs.js";
import * as users from "./users.js";

users.start();
items.start();
catalog.start();
operations.start();
tabs.start();
catalog.suggestCategories();
