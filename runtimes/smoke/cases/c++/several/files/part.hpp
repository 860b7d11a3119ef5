#pragma once
int part();
int plain();
