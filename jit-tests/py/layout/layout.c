/* Prints sizes and offsets of the interpreter's structs, from its own headers. test_layout.py compares them
 * with the mirrors in src/ffi, whose names make up rows.h: one OFFSET, SIZE or VALUE row each. */
#define Py_BUILD_CORE 1
#include <Python.h>
#include <stddef.h>
#include <stdio.h>
#include "internal/pycore_code.h"
#include "internal/pycore_dict.h"
#include "internal/pycore_frame.h"
#include "internal/pycore_interp.h"
#include "internal/pycore_object.h"
#if PY_VERSION_HEX >= 0x030E0000
#include "internal/pycore_interpframe.h"
#endif
#include "internal/pycore_runtime.h"

#define OFFSET(structure, field) printf("%s.%s %zu\n", #structure, #field, offsetof(structure, field));
#define SIZE(structure) printf("sizeof.%s %zu\n", #structure, sizeof(structure));
#define VALUE(constant) printf("%s %zu\n", #constant, (size_t)(constant));

int main(void) {
#include "rows.h"
    return 0;
}
