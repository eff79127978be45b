import tseslint from 'typescript-eslint';

const bannedRandom = {
  selector:
    "MemberExpression[object.name='tf'][property.name=/^(random|truncatedNormal|multinomial|dropout)/]",
  message: 'tf.random* is unseeded or slow; draw from src/noise, which is keyed.',
};
const mathRandom = {
  selector: "MemberExpression[object.name='Math'][property.name='random']",
  message: 'Math.random cannot be replayed; draw from src/noise, which is keyed.',
};

export default tseslint.config(
  {
    ignores: [
      'dist/**',
      'out/**',
      '.venv/**',
      '.jupyter/**',
      'node_modules/**',
      'src/engine/wasm/assembly/**',
      'jupyter/**',
      'notebooks/**',
    ],
  },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ['*.mjs'] } } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      'no-restricted-syntax': ['error', bannedRandom, mathRandom],
      eqeqeq: 'error',
    },
  },
  { files: ['**/*.mjs', '**/*.js'], ...tseslint.configs.disableTypeChecked },
);
