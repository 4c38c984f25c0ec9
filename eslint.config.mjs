/** Faults that the types of the page do not show. */

import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["frontend/dist/", "frontend/src/protocol/wire.ts"] },
  {
    files: ["frontend/**/*.{ts,mjs}"],
    extends: [tseslint.configs.recommended],
    rules: {
      "@typescript-eslint/no-explicit-any": "off",
      "@typescript-eslint/no-unused-vars": [
        "error",
        { ignoreRestSiblings: true, varsIgnorePattern: "^_", argsIgnorePattern: "^_" },
      ],
      eqeqeq: ["error", "always", { null: "ignore" }],
      "max-len": ["error", { code: 100, ignorePattern: "data:|^import " }],
      "no-duplicate-imports": ["error", { allowSeparateTypeImports: true }],
      "no-var": "error",
      "prefer-const": "error",
    },
  },
);
