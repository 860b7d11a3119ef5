int twice(int number);
int deeper(void);
