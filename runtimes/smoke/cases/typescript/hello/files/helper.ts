export interface Name { first: string }
export const greet = (name: Name): string => `Hello, ${name.first}`;
