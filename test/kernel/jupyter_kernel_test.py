"""The protocol suite of the Jupyter project, run on our kernel.

    pip install jupyter_kernel_test
    JUPYTER_PATH=jupyter python test/kernel/jupyter_kernel_test.py
"""

import unittest

# This file bears the suite's own name: the script's folder must not come first.
import sys

sys.path.pop(0)
import jupyter_kernel_test as suite


class HiZfoKernel(suite.KernelTests):
    kernel_name = "hi-zfo"
    language_name = "typescript"
    file_extension = ".ts"
    code_hello_world = "console.log('hello, world')"
    code_stderr = "console.error('oops')"
    code_generate_error = "throw new Error('x')"
    complete_code_samples = ["1", "let a = 1;", "for (const n of [1]) { n }"]
    incomplete_code_samples = ["function f() {", "const a = [1,"]
    completion_samples = [{"text": "consol", "matches": ["console"]}]
    code_inspect_sample = "console"
    code_execute_result = [{"code": "6 * 7", "result": "42"}]
    code_display_data = [
        {"code": "import { display } from 'tslab'; display.html('<b>x</b>')", "mime": "text/html"},
        {
            "code": "globalThis[Symbol.for('hi-zfo.kernel')].display({ 'image/png': 'aGk=' })",
            "mime": "image/png",
        },
    ]


del suite

if __name__ == "__main__":
    unittest.main(verbosity=2)
