#include <bits/stdc++.h>
using namespace std;

int main() {
    map<string, vector<int>> numbers{{"answer", {4, 2}}};
    for (int digit : numbers["answer"])
        cout << digit;
    cout << endl;
    thread([] { cout << "and a thread" << endl; }).join();
}
