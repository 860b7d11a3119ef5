class Other { static void f() {} }
