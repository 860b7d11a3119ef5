package main

this is no part of the program
