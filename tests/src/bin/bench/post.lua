-- Posts one body with `wrk` and prints what came of it as JSON. Arguments: the body, then headers as "name: value".

function init(arguments)
    wrk.method = "POST"
    wrk.body = arguments[1]
    wrk.headers["content-type"] = "application/json"
    for index = 2, #arguments do
        local name, value = arguments[index]:match("^([^:]+): (.*)$")
        wrk.headers[name] = value
    end
    -- Also gives `wrk` the request as it is to be sent each time, so that it is not built anew.
    request_text = wrk.format()
end

function request()
    return request_text
end

function done(summary)
    local errors = summary.errors
    print(string.format('summary {"requests":%d,"micros":%d,"errors":%d}', summary.requests, summary.duration,
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
